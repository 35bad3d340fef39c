#!/usr/bin/env bats
# hostname and domainname: config.md, Hostname; Domainname.

load helpers

@test "hostname is that of the container, from its first moment, and not that of the host" {
        # "hostname [...] specifies the container's hostname as seen by processes running inside the container"
        before=$(uname -n)
        bundle web
        config '.hostname = "web-1.example" | .process.args = ["sh", "-c", "hostname; uname -n"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output "$(printf 'web-1.example\nweb-1.example')"
        assert_equal "$(uname -n)" "$before"

        # createContainer hooks are run in it
        config '.hooks.createContainer = [{ path: "/bin/sh", args: ["sh", "-c", "uname -n >\"$0\"", $file] }]' \
                --arg file "$PWD/seen"
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_equal "$(<seen)" web-1.example
}

@test "domainname is that of the container" {
        bundle web
        config '.domainname = "example.org" | .process.args = ["cat", "/proc/sys/kernel/domainname"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output example.org
        [ "$(</proc/sys/kernel/domainname)" != example.org ]
}

@test "without hostname, a new namespace has that of the host" {
        bundle web
        config 'del(.hostname) | .process.args = ["uname", "-n"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output "$(uname -n)"
        # what engines write for "not set"
        config '.hostname = "" | .domainname = ""'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output "$(uname -n)"
}

@test "the host is not renamed: without a uts namespace both are errors" {
        # "Depending on the namespace configuration, the container UTS namespace [...]"
        bundle web
        config '.linux.namespaces |= map(select(.type != "uts"))'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: hostname: would change the name of the host"
        assert_output_contains 'hint: add {"type": "uts"} to linux.namespaces'
        config 'del(.hostname) | .domainname = "example.org"'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: domainname: would change the name of the host"
        assert_no_debris
}

@test "the host's own namespace by its path is no way around" {
        bundle web
        config 'del(.hostname) | .domainname = "ocirun.example" |
                (.linux.namespaces[] | select(.type == "uts")) += { path: "/proc/self/ns/uts" }'
        before=$(</proc/sys/kernel/domainname)
        run_detached ocirun create "$ID"
        [ "$(</proc/sys/kernel/domainname)" = "$before" ] || echo "$before" >/proc/sys/kernel/domainname
        assert_status 1
        assert_output_contains "config.json: domainname: would change the host: the uts namespace to join is the runtime's own"
        assert_no_debris
        # with nothing to change it may be joined
        config 'del(.domainname) | .process.args = ["uname", "-n"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output "$(uname -n)"
}

@test "in a namespace that is joined, the name is set too" {
        needs root
        bundle web
        run_detached ocirun create "$ID-1"
        assert_status 0
        pid=$(container_pid "$ID-1")
        config --arg path "/proc/$pid/ns/uts" '.hostname = "other" |
                (.linux.namespaces[] | select(.type == "uts")) += { $path }'
        config '.process.args = ["uname", "-n"]'
        run ocirun run --bundle "$BUNDLE" "$ID-2"
        assert_output other
        assert_equal "$(nsenter --uts="/proc/$pid/ns/uts" uname -n)" other
}

@test "a name may have as many bytes as the kernel takes" {
        bundle web
        long=$(printf 'x%.0s' {1..64})
        config --arg name "$long" '.hostname = $name | .process.args = ["uname", "-n"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output "$long"
        config --arg name "${long}x" '.hostname = $name'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: hostname: has 65 bytes, and the kernel takes 64"
        config '.hostname = "a" | .domainname = "'"${long}x"'"'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: domainname: has 65 bytes, and the kernel takes 64"
        assert_no_debris
}
