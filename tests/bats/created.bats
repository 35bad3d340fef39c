#!/usr/bin/env bats
# What a created container is, before it is started: runtime.md, Create.

load helpers
load mounts

@test "all properties but process are in force once the container is created" {
        needs root
        bundle web
        mkdir source
        bind source /bound ro
        config '.process.args = ["sh", "-c", "echo ran >/ran"] | .hostname = "created" | .domainname = "example.org" |
                .root.readonly = true | .mounts += [{ destination: "/m", type: "tmpfs", source: "tmpfs" }] |
                .linux.devices = [{ path: "/dev/made", type: "c", major: 1, minor: 3, fileMode: 384 }] |
                .linux.sysctl = { "net.ipv4.ip_forward": "1" } | .linux.rootfsPropagation = "shared" |
                .linux.namespaces += [{ type: "time" }] | .linux.timeOffsets.boottime.secs = 86400 |
                .linux.maskedPaths = ["/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"]'
        run_detached ocirun create "$ID"
        # "All of the properties configured in config.json except for process MUST be applied. process.args MUST NOT be
        # applied until triggered by the start operation."
        assert_status 0
        assert_output ""
        pid=$(container_pid)
        assert_equal "$(nsenter --uts="/proc/$pid/ns/uts" cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname |
                paste -sd' ')" "created example.org"
        assert_equal "$(nsenter --net="/proc/$pid/ns/net" cat /proc/sys/net/ipv4/ip_forward)" 1
        assert_equal "$(awk '$1 == "boottime" { print $2 }' "/proc/$pid/timens_offsets")" 86400
        assert_equal "$(stat -c '%t:%T %a' "/proc/$pid/root/dev/made")" "1:3 600"
        output=$(<"/proc/$pid/mountinfo")
        assert_equal "$(mount_on / options)" ro,relatime
        [[ $(mount_on / propagation) = shared:* ]] || fail "$output"
        assert_equal "$(mount_on /m type) $(mount_on /bound options)" "tmpfs ro,relatime"
        assert_output_contains " /proc/keys "
        [[ $(mount_on /proc/sys options) = ro,* ]] || fail "$output"
        for namespace in pid net ipc uts cgroup mnt time; do
                [ "$(readlink "/proc/$pid/ns/$namespace")" != "$(readlink "/proc/self/ns/$namespace")" ] ||
                        fail "$namespace is the runtime's"
        done
        refute_exists rootfs/ran
        [[ $(readlink "/proc/$pid/exe") != *busybox ]]
        assert_equal "$(container_status)" created
}

@test "process, without which a container can be created, is checked all the same" {
        local change

        bundle web
        # "If the runtime cannot apply a property as specified in the configuration, it MUST generate an error and a new
        # container MUST NOT be created."
        for change in '.cwd = "x"' '.env = ["x"]' '.user.uid = 4294967295' '.oomScoreAdj = 1001' \
                '.rlimits = [{ type: "RLIMIT_X", soft: 1, hard: 1 }]' '.ioPriority = { class: "X", priority: 0 }' \
                '.scheduler.policy = "X"' '.consoleSize = { height: 1 }' '.execCPUAffinity.initial = "x"' \
                '.args = ["/no/such"]' 'del(.cwd)'; do
                # shellcheck disable=SC2154 # set by helpers.bash
                jq ".process |= ($change)" "$helpers/config.json" >config.json
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "ocirun: create $ID: config.json: process."
                assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
        done
}
