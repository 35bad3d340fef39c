#!/usr/bin/env bats
# linux.intelRdt where there is no resctrl; what is done in one is tested with a directory that looks like it, in
# tests/unit/test-intelrdt.c.  Quotations are from config-linux.md, IntelRdt.

load helpers

@test "intelRdt without a mounted resctrl is an error, whatever is in it" {
        # "If no mounted resctrl pseudo-filesystem is available in the runtime mount namespace, the runtime MUST generate
        # an error."
        [ -z "$(findmnt --types resctrl)" ] || skip "needs linux:a machine without resctrl"
        bundle web
        for rdt in '{}' '{ "closID": "gold" }' '{ "closID": "/" }' '{ "schemata": ["MB:0=10"] }' \
                '{ "enableMonitoring": true }' '{ "enableMonitoring": false }'; do
                config --argjson rdt "$rdt" '.linux.intelRdt = $rdt'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.intelRdt: needs resctrl, which is not mounted"
                assert_output_contains "hint: "
                assert_no_debris
        done
}

@test "a file system that only has the name of resctrl is none" {
        needs root
        [ -z "$(findmnt --types resctrl)" ] || skip "needs linux:a machine without resctrl"
        bundle web
        mkdir resctrl
        config '.linux.intelRdt = { closID: "gold", schemata: ["MB:0=10"] }'
        export OCIRUN OCIRUN_ROOT ID
        run unshare --mount --propagation private sh -euc 'mount -t tmpfs resctrl resctrl
                "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID" || find resctrl'
        assert_output_contains "linux.intelRdt: needs resctrl, which is not mounted"
        assert_equal "${lines[-1]}" resctrl
}

@test "values of intelRdt that cannot be are refused before resctrl is looked for" {
        bundle web
        while IFS='|' read -r rdt message; do
                config --argjson rdt "$rdt" '.linux.intelRdt = $rdt'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.intelRdt$message"
                assert_no_debris
        done <<'END'
{ "closID": "" }|.closID: ""
{ "closID": ".." }|.closID: ".."
{ "closID": "a/b" }|.closID: "a/b"
{ "closID": "info" }|.closID: "info"
{ "closID": "mon_groups" }|.closID: "mon_groups"
{ "memBwSchema": "L3:0=1" }|.memBwSchema: must be one line that begins with "MB:"
{ "memBwSchema": "" }|.memBwSchema: must be one line that begins with "MB:"
{ "memBwSchema": "MB:0=10\n" }|.memBwSchema: must be one line that begins with "MB:"
{ "schemata": [""] }|.schemata[0]: must be one line of a schemata file
{ "schemata": ["L3:0=1", "MB:0=10\nMB:1=10"] }|.schemata[1]: must be one line of a schemata file
{ "schemata": "L3:0=1" }|.schemata:
{ "enableMonitoring": "yes" }|.enableMonitoring:
END
}

@test "without intelRdt nothing of resctrl is touched" {
        # "If intelRdt is not set, the runtime MUST NOT manipulate any resctrl pseudo-filesystems."
        needs command:strace
        bundle web
        strace -f -qq -s 4096 -o trace "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID" >output 2>&1 3>&-
        [ "$(wc -l <trace)" -gt 100 ]
        run grep -E '^[0-9]+ +(open|openat|openat2|mkdir|mkdirat|unlinkat|mount|open_tree|fsopen)\(.*resctrl' trace
        assert_output ""
}
