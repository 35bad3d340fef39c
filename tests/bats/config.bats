#!/usr/bin/env bats
# config.json as a document: its version, its encoding, what is unknown in it, and annotations.

load helpers

setup() {
        setup_test
        bundle web
}

assert_refused() { # JQ-FILTER MESSAGE
        config "$1"
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: config.json: $2"
        assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
}

# ---- config.md, Specification version

@test "ociVersion is a version of SemVer 2.0.0" {
        local version

        # "ociVersion (string, REQUIRED) MUST be in SemVer v2.0.0 format".  It has these for examples, and the rules "A
        # normal version number MUST take the form X.Y.Z where X, Y, and Z are non-negative integers, and MUST NOT
        # contain leading zeroes"; "Identifiers MUST NOT be empty. Numeric identifiers MUST NOT include leading zeroes."
        for version in 1.0.0-alpha 1.0.0-alpha.1 1.0.0-0.3.7 1.0.0-x.7.z.92 1.0.0-x-y-z.-- 1.0.0-alpha+001 \
                1.0.0+20130313144700 1.0.0-beta+exp.sha.5114f85 1.0.0+21AF26D3----117B344092BD 1.0.0-0a.00a; do
                config --arg version "$version" '.ociVersion = $version'
                run ocirun run "$ID"
                assert_equal "$version: $status $output" "$version: 0 "
        done
        for version in "" 1 1.0 1.0.0.0 v1.0.0 01.0.0 1.01.0 1.0.00 1.0.0- 1.0.0+ 1.0.0-01 1.0.0-a.01 1.0.0-a..b \
                1.0.0-.a 1.0.0-a. 1.0.0+a..b 1.0.0+a+b 1.0.0-é 1.0.0_a " 1.0.0" "1.0.0 " -1.0.0 1.-1.0 1.0.0x; do
                config --arg version "$version" '.ociVersion = $version'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output "ocirun: create $ID: config.json: ociVersion: must be a version such as 1.3.0, not \"$version\""
        done
        assert_refused 'del(.ociVersion)' 'ociVersion: is required, and missing'
        assert_refused '.ociVersion = 1' 'ociVersion: must be a string, not 1'
}

@test "each version up to the one that is supported is accepted, and none above it" {
        local version

        # "if a configuration is compliant with version 1.1 of this specification, it is compatible with all runtimes that
        # support any 1.1 or later release of this specification, but is not compatible with a runtime that supports 1.0
        # and not 1.1"
        for version in 1.0.0 1.0.2-dev 1.1.0 1.2.1 1.3.0-rc.1 1.3.0 1.3.99; do
                config --arg version "$version" '.ociVersion = $version'
                run ocirun run "$ID"
                assert_equal "$version: $status $output" "$version: 0 "
        done
        for version in 1.4.0 1.10.0 2.0.0 10.0.0 1.999999999999999.0; do
                assert_refused ".ociVersion = \"$version\"" \
                        "ociVersion: $version is newer than 1.3.0, which this ocirun supports"
        done
}

# ---- glossary.md, JSON

@test "config.json is UTF-8" {
        local bytes

        # "All configuration JSON MUST be encoded in UTF-8."
        config '.hostname = "é\u20ac\ud83d\ude00" | .process.args = ["hostname"]'
        run ocirun run "$ID"
        assert_output "é€😀"
        # a byte alone, one too few, a form that is longer than needed, half of a surrogate, above U+10FFFF
        for bytes in '\0377' '\0303\0050' '\0342\0202' '\0300\0257' '\0355\0240\0200' '\0364\0220\0200\0200'; do
                printf '{"ociVersion":"1.3.0","hostname":"a%bb"}' "$bytes" >config.json
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_matches "config.json: line 1, column [0-9]+: not valid JSON"
        done
}

@test "no object has two properties of one name" {
        local text

        # "JSON objects MUST NOT include duplicate names."
        for text in '"hostname":"a","hostname":"a"' '"process":{"cwd":"/","user":{"uid":0,"uid":0}}' \
                '"annotations":{"a":"b","a":"c"}' '"unknown":[{"x":1,"x":2}]'; do
                printf '{"ociVersion":"1.3.0",%s}' "$text" >config.json
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_matches 'occurs twice$'
        done
}

# ---- config.md, Extensibility

@test "unknown properties are ignored at every level" {
        # "Runtimes MAY log unknown properties but MUST otherwise ignore them. That includes not generating errors if they
        # encounter an unknown property."
        config '(.. | objects) |= (.["com.example.unknown"] = [{ "a": [null, 1e400, "x"] }])
                | .annotations = { "org.opencontainers.unknown": "x" } | .windows = { "layerFolders": 7 }
                | .solaris = [] | .vm = "x" | .zos = {}'
        config '.process.args = ["echo", "runs"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output runs
        # the same words are errors where the value of a known property has another type
        assert_refused '.process.user = "root"' 'process.user: must be an object, not "root"'
}

# ---- config.md, Annotations

@test "annotations are a map of strings, and appear in the state as they are" {
        # "Annotations MUST be a key-value map." "Keys MUST be strings." "Values MUST be strings. Values MAY be an empty
        # string."  "Runtimes MUST handle unknown annotation keys like any other unknown property."
        config '.annotations = { "a": "", "com.example.key": "value\n\"é\"", " ": "x", "org.opencontainers.no-such": "y",
                "org.opencontainers.image.os": "linux" }'
        run_detached ocirun create "$ID"
        assert_status 0
        assert_output ""
        assert_equal "$(ocirun state "$ID" | jq -cS .annotations)" "$(jq -cS .annotations config.json)"
        ocirun delete --force "$ID"
        assert_refused '.annotations = { "a": 1 }' 'annotations.a: must be a string, not 1'
        assert_refused '.annotations = { "a": null }' 'annotations.a: must be a string, not null'
        assert_refused '.annotations = { "a": { "b": "c" } }' 'annotations.a: must be a string, not an object'
        assert_refused '.annotations = ["a"]' 'annotations: must be an object whose values are strings, not an array'
        # "Keys MUST NOT be an empty string."
        assert_refused '.annotations = { "a": "b", "": "x" }' 'annotations: a key must not be empty'
}
