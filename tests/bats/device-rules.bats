#!/usr/bin/env bats
# linux.resources.devices, by what the container can open: config-linux.md, Allowed Device list.
#
# The majors 60 to 63 are for experiments, so the kernel has no driver there: what the rules allow fails with
# ENXIO, and what they deny with EPERM, before a driver is asked.

load helpers

# The bundle with nodes a (char 60:1), b (char 60:2), c (block 60:1)
devices_bundle() {
        bundle web
        config '.linux.devices = [
                { path: "/dev/a", type: "c", major: 60, minor: 1, fileMode: 438 },
                { path: "/dev/b", type: "c", major: 60, minor: 2, fileMode: 438 },
                { path: "/dev/c", type: "b", major: 60, minor: 1, fileMode: 438 }]'
}

# assert_allowed RULES WHAT: "ar aw" means that a can be read and written, and nothing else
assert_allowed() {
        config --argjson rules "$1" '.linux.resources = { devices: $rules }'
        run_container '
                for d in a b c; do
                        (: </dev/$d) 2>&1 | grep -q "No such device" && echo ${d}r
                        (: >>/dev/$d) 2>&1 | grep -q "No such device" && echo ${d}w
                done
                true'
        assert_status 0
        assert_equal "$(tr '\n' ' ' <<<"$output")" "$2 "
}

@test "nothing is allowed but what is listed" {
        needs root
        devices_bundle
        assert_allowed '[{ "allow": false, "access": "rwm" }]' ""
        assert_allowed '[]' ""
        assert_allowed '[{ "allow": true, "type": "c", "major": 60, "minor": 1, "access": "r" }]' "ar"
        assert_allowed '[{ "allow": true, "type": "c", "major": 60, "minor": 1, "access": "rw" }]' "ar aw"
        assert_allowed '[{ "allow": true, "type": "b", "major": 60, "minor": 1, "access": "w" }]' "cw"
}

@test "without resources no device is allowed either" {
        needs root
        devices_bundle
        config 'del(.linux.resources)'
        run_container '(: </dev/a) 2>&1; (: </dev/null) && echo null'
        assert_output_contains "can't open /dev/a: Operation not permitted"
        assert_output_contains null
}

@test "unset values mean all" {
        # "Unset values mean \"all\"" of type, major and minor
        needs root
        devices_bundle
        assert_allowed '[{ "allow": true, "type": "c", "major": 60, "access": "rwm" }]' "ar aw br bw"
        assert_allowed '[{ "allow": true, "type": "c", "minor": 2, "access": "rwm" }]' "br bw"
        assert_allowed '[{ "allow": true, "major": 60, "minor": 1, "access": "r" }]' "ar cr"
        assert_allowed '[{ "allow": true, "type": "a", "access": "rwm" }]' "ar aw br bw cr cw"
        # engines write -1
        assert_allowed '[{ "allow": true, "type": "c", "major": 60, "minor": -1, "access": "r" }]' "ar br"
}

@test "entries are applied in the listed order" {
        # "The runtime MUST apply entries in the listed order"
        needs root
        devices_bundle
        all='{ "allow": true, "access": "rwm" }' none='{ "allow": false, "access": "rwm" }'
        a='"type": "c", "major": 60, "minor": 1'
        assert_allowed "[$none, $all]" "ar aw br bw cr cw"
        assert_allowed "[$all, $none]" ""
        assert_allowed "[$all, { \"allow\": false, $a, \"access\": \"w\" }]" "ar br bw cr cw"
        assert_allowed "[{ \"allow\": false, $a, \"access\": \"w\" }, $all]" "ar aw br bw cr cw"
        assert_allowed "[{ \"allow\": true, $a, \"access\": \"r\" }, { \"allow\": true, $a, \"access\": \"w\" }]" "ar aw"
        assert_allowed "[$all, { \"allow\": false, \"type\": \"c\" }, { \"allow\": true, $a, \"access\": \"r\" }]" "ar cr cw"
}

@test "the default devices work whatever is listed" {
        # Default Devices: "the runtime MUST also supply"
        needs root
        bundle web
        config '.linux.resources = { devices: [{ allow: false }, { allow: false, type: "c", major: 1, access: "rwm" }] }'
        run_container '
                : >/dev/null && dd if=/dev/zero of=/dev/null bs=1 count=1 2>/dev/null || echo null or zero
                for d in random urandom; do head -c 1 /dev/$d >/dev/null || echo $d; done
                (: </dev/full) || echo full
                (: </dev/ptmx) || echo ptmx
                (: </dev/tty) 2>&1 | grep -q "not permitted" && echo tty
                true'
        assert_status 0
        assert_output ""
}

@test "any node can be made, and opened only where that is allowed" {
        # engines rely on it: to make a node is not to use the device
        needs root
        bundle web
        config '(.process.capabilities[]) += ["CAP_MKNOD"]'
        run_container 'mknod x c 60 9 && mknod y b 60 9 && (: <x) 2>&1; (: <y) 2>&1'
        assert_output_contains "can't open x: Operation not permitted"
        assert_output_contains "can't open y: Operation not permitted"
}

@test "a node on a file system of the host is no way around the rules" {
        needs root
        devices_bundle
        mkdir host
        mknod host/b c 60 2
        config --arg source "$PWD/host" '.mounts += [{ destination: "/host", type: "none", $source, options: ["bind", "dev"] }]'
        run_container '(: </host/b) 2>&1'
        assert_output_contains "can't open /host/b: Operation not permitted"
}

@test "the rules of two cgroups both hold" {
        # as in a pod: a container can have less than the cgroup above it, and not more
        needs root
        devices_bundle
        a='{ "allow": true, "type": "c", "major": 60, "minor": 1, "access": "rw" }'
        all='{ "allow": true, "access": "rwm" }'
        config --arg path "/$ID" --argjson a "$a" '.linux.cgroupsPath = $path | .linux.resources = { devices: [$a] }'
        mkdir "$(cgroup2_root)/$ID"
        run_detached ocirun create "$ID-pod"
        assert_status 0
        pid=$(container_pid "$ID-pod")
        # move the pod's process aside, so that its cgroup may have others in it
        mkdir "$(cgroup2_root)/$ID/infra"
        echo "$pid" >"$(cgroup2_root)/$ID/infra/cgroup.procs"
        config --arg path "/$ID/web" '.linux.cgroupsPath = $path'
        assert_allowed "[$all]" "ar aw"
        ocirun delete --force "$ID-pod"
        rmdir "$(cgroup2_root)/$ID"
}

@test "an entry that makes no sense is named" {
        bundle web
        while read -r place rule; do
                config --argjson rule "$rule" '.linux.resources = { devices: [{ allow: false }, $rule] }'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.resources.devices[1].$place"
                assert_no_debris
        done <<'END'
type: { "allow": true, "type": "p" }
type: { "allow": true, "type": "cb" }
access: { "allow": true, "access": "rx" }
access: { "allow": true, "access": "" }
major: { "allow": true, "type": "c", "major": -2 }
minor: { "allow": true, "type": "c", "major": 1, "minor": 4294967296 }
END
}
