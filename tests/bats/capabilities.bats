#!/usr/bin/env bats
# process.capabilities and process.noNewPrivileges.

load helpers

setup() {
        setup_test
        bundle web
}

# The five sets of a created container's init, in the order of config.md, as hexadecimal numbers without the
# zeros in front: effective, bounding, inheritable, permitted, ambient.
sets_of_init() {
        awk '/^Cap/ { sub(/^0+/, "", $2); set[$1] = $2 == "" ? 0 : $2 }
             END { print set["CapEff:"], set["CapBnd:"], set["CapInh:"], set["CapPrm:"], set["CapAmb:"] }' \
                "/proc/$(container_pid)/status"
}

# The same of a process inside, which has been through execve(2).
show_sets='awk "/^Cap/ { print \$1, \$2 }" /proc/self/status'

# CAP_CHOWN is number 0, CAP_KILL 5, CAP_NET_BIND_SERVICE 10, CAP_NET_RAW 13.
@test "the five sets are those of the configuration" {
        config '.process.capabilities = {
                "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
                "effective": ["CAP_CHOWN"],
                "inheritable": ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
                "permitted": ["CAP_KILL", "CAP_CHOWN"],
                "ambient": ["CAP_KILL"] }'
        run_detached ocirun create "$ID"
        # config.md, Linux Process: "capabilities (object, OPTIONAL) is an object containing arrays that specifies the
        # sets of capabilities for the process."
        assert_status 0
        assert_output ""
        assert_equal "$(sets_of_init)" "1 421 420 21 20"
}

@test "the sets of a user who is not root" {
        config '.process.user = { "uid": 1000, "gid": 1000 } | .process.capabilities = {
                "bounding": ["CAP_CHOWN", "CAP_KILL"],
                "effective": ["CAP_CHOWN", "CAP_KILL"],
                "inheritable": ["CAP_KILL"],
                "permitted": ["CAP_CHOWN", "CAP_KILL"],
                "ambient": ["CAP_KILL"] }'
        run_detached ocirun create "$ID"
        assert_status 0
        assert_equal "$(sets_of_init)" "21 21 20 21 20"
        ocirun delete --force "$ID"
        # capabilities(7): the program of a user keeps those that are ambient
        run_container "$show_sets"
        assert_status 0
        assert_output "CapInh: 0000000000000020
CapPrm: 0000000000000020
CapEff: 0000000000000020
CapBnd: 0000000000000021
CapAmb: 0000000000000020"
}

@test "without capabilities there are none" {
        local capabilities

        for capabilities in null '{}' '{ "bounding": [] }'; do
                config --argjson c "$capabilities" '.process.capabilities = $c | del(.process.capabilities | nulls)'
                run_container "$show_sets; touch /file; chown 1:1 /file"
                assert_status 1
                assert_output "CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapBnd: 0000000000000000
CapAmb: 0000000000000000
chown: /file: Operation not permitted"
        done
}

@test "root in the container can do what its capabilities allow" {
        config '.process.capabilities |= with_entries(.value = ["CAP_CHOWN"])'
        run_container 'touch /file; chown 1:2 /file && stat -c %u:%g /file; kill -0 1; mknod /node c 1 3; hostname x'
        assert_status 1
        assert_equal "${lines[0]}" 1:2
        assert_output_contains "mknod: /node: Operation not permitted"
        assert_output_contains "hostname: sethostname: Operation not permitted"
}

@test "names that are not known are warned of and left out" {
        config '.process.capabilities.bounding += ["CAP_NO_SUCH", "cap_chown", "CHOWN", "0", ""]'
        # config.md, Linux Process: "Any value which cannot be mapped to a relevant kernel interface [...] MUST be logged
        # as a warning by the runtime. Runtimes SHOULD NOT fail if the container configuration requests capabilities
        # that cannot be granted"
        run ocirun --log log --log-format json run "$ID"
        assert_status 0
        assert_output ""
        assert_equal "$(jq -r .level log | sort | uniq -c | xargs)" "5 warning"
        assert_equal "$(jq -r .msg log | head -n 2)" "process.capabilities.bounding[3]: the unknown capability\
 \"CAP_NO_SUCH\" is left out
process.capabilities.bounding[4]: the unknown capability \"cap_chown\" is left out"
        # nor does a container have what it was not given under its right name
        run_container "$show_sets"
        assert_output_contains "CapBnd: 0000000020000420"
}

@test "what the runtime does not have itself is warned of and left out" {
        config '.process.capabilities |= with_entries(.value = ["CAP_CHOWN", "CAP_NET_RAW"])'
        run setpriv --bounding-set=-net_raw --inh-caps=-all "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 0
        assert_output_contains "left out CAP_NET_RAW: the runtime does not have this itself"
        assert_equal "${#lines[@]}" 1
        run_detached setpriv --bounding-set=-net_raw --inh-caps=-all "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        # what can be granted is, of each set
        assert_equal "$(sets_of_init)" "1 1 0 1 0"
}

@test "a set that breaks the kernel's rules is warned of and reduced" {
        config '.process.capabilities = {
                "bounding": ["CAP_CHOWN", "CAP_KILL"],
                "effective": ["CAP_CHOWN", "CAP_KILL"],
                "inheritable": ["CAP_KILL", "CAP_NET_RAW"],
                "permitted": ["CAP_CHOWN"],
                "ambient": ["CAP_CHOWN"] }'
        run_detached ocirun create "$ID"
        assert_status 0
        assert_output_contains "capabilities.effective: left out CAP_KILL: not in permitted"
        assert_output_contains "capabilities.inheritable: left out CAP_NET_RAW: not in bounding"
        assert_output_contains "capabilities.ambient: left out CAP_CHOWN: not in both permitted and inheritable"
        assert_equal "$(sets_of_init)" "1 21 20 1 0"
}

@test "CVE-2022-27650: what is inheritable or ambient in the caller does not reach the container" {
        run_detached setpriv --inh-caps=+kill,+chown --ambient-caps=+kill,+chown \
                "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "$(sets_of_init)" "20000420 20000420 0 20000420 0"
}

# ---- noNewPrivileges

@test "noNewPrivileges sets no_new_privs, and else it is as in the caller" {
        run_container 'grep NoNewPrivs /proc/self/status'
        assert_output "NoNewPrivs:	1"
        config '.process.noNewPrivileges = false'
        run_container 'grep NoNewPrivs /proc/self/status'
        assert_output "NoNewPrivs:	0"
        config 'del(.process.noNewPrivileges)'
        run_container 'grep NoNewPrivs /proc/self/status'
        assert_output "NoNewPrivs:	0"
}

@test "a set-user-id program gains the rights of its owner only without noNewPrivileges" {
        # not busybox, which gives such rights up
        cp "$OCIRUN_HELLO" rootfs/bin/setuid
        chmod 4755 rootfs/bin/setuid
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        # config.md, Process: "setting noNewPrivileges to true prevents the process from gaining additional privileges"
        run_container setuid
        assert_output_matches 'capabilities +none'
        config '.process.noNewPrivileges = false'
        run_container setuid
        assert_output_matches 'capabilities +kill net_bind_service audit_write'
}
