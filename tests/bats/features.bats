#!/usr/bin/env bats
# What features lists is what config.json may have: features.md, features-linux.md.

load helpers

setup() {
        setup_test
        bundle web
        ocirun features >features.json
}

# A list of features, a word a line:  words .linux.namespaces
words() {
        jq -r "$1[]" features.json
}

# Create a container with the configuration of the tests and a change that gets a $word.
try() { # WORD JQ-FILTER
        # shellcheck disable=SC2154 # set by helpers.bash
        jq --arg word "$1" "$2" "$helpers/config.json" >config.json
        run_detached ocirun create "$ID"
        ocirun delete --force "$ID"
}

# It is accepted.  What is not known is an error, and with capabilities a warning.
assert_recognized() { # WORD JQ-FILTER
        try "$@"
        assert_equal "$1: $status $output" "$1: 0 "
}

@test "features has the properties of the specification, and each says what is so" {
        # features-linux.md: "v1 (bool, OPTIONAL) represents whether the runtime supports cgroup v1", and so on
        assert_equal "$(jq -c '.linux.cgroup | [.v1, .v2, .rdma]' features.json)" '[false,true,true]'
        assert_equal "$(jq -c '.linux | [.seccomp, .apparmor, .selinux, .netDevices, .mountExtensions.idmap | .enabled]' \
                features.json)" '[true,true,true,true,true]'
        assert_equal "$(jq -c .linux.intelRdt features.json)" '{"enabled":true,"schemata":true,"monitoring":true}'
        # "systemd (bool, OPTIONAL) represents whether the runtime supports system-wide systemd cgroup manager"
        with=$(ocirun --version | grep -c '+SYSTEMD') || :
        assert_equal "$(jq '[.linux.cgroup | .systemd, .systemdUser | select(.)] | length' features.json)" $((2 * with))
        # features.md, Annotations: "follows the same convention as the Key and Values of the annotations property"
        jq -e '.annotations | length > 0 and all(type == "string") and (has("") | not)' features.json
}

@test "the versions that features gives are accepted, from the least to the greatest" {
        local least greatest

        least=$(jq -r .ociVersionMin features.json)
        greatest=$(jq -r .ociVersionMax features.json)
        # "The runtime MUST accept this value as the ociVersion property of config.json", of each
        assert_recognized "$least" '.ociVersion = $word'
        assert_recognized "$greatest" '.ociVersion = $word'
        # "The value MUST NOT be less than the value of the ociVersionMin property."
        printf '%s\n' "$least" "$greatest" | sort --version-sort --check=quiet
        # ... and it is the maximum
        jq --arg version "${greatest%.*.*}.99.0" '.ociVersion = $version' "$helpers/config.json" >config.json
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "ociVersion: "
}

@test "features has no property that its version of the specification does not define" {
        # "The Features structure MUST NOT contain properties that are not defined in this version of the Open Container
        # Initiative Runtime Specification", which is 1.3
        assert_equal "$(jq -r 'paths | map(select(type == "string")) | join(".")' features.json | sort -u |
                grep -v '^annotations[.]')" "annotations
hooks
linux
linux.apparmor
linux.apparmor.enabled
linux.capabilities
linux.cgroup
linux.cgroup.rdma
linux.cgroup.systemd
linux.cgroup.systemdUser
linux.cgroup.v1
linux.cgroup.v2
linux.intelRdt
linux.intelRdt.enabled
linux.intelRdt.monitoring
linux.intelRdt.schemata
linux.memoryPolicy
linux.memoryPolicy.flags
linux.memoryPolicy.modes
linux.mountExtensions
linux.mountExtensions.idmap
linux.mountExtensions.idmap.enabled
linux.namespaces
linux.netDevices
linux.netDevices.enabled
linux.seccomp
linux.seccomp.actions
linux.seccomp.archs
linux.seccomp.enabled
linux.seccomp.knownFlags
linux.seccomp.operators
linux.seccomp.supportedFlags
linux.selinux
linux.selinux.enabled
mountOptions
ociVersionMax
ociVersionMin
potentiallyUnsafeConfigAnnotations"
}

@test "a list without elements is empty, and none is null" {
        # "The null value MUST NOT be confused with an empty value such as 0, false, "", [], and {}."
        assert_equal "$(jq '[.. | nulls] | length' features.json)" 0
        assert_equal "$(jq '[.. | arrays | select(length == 0)] | length' features.json)" 0
        # nor is a null that is read
        assert_recognized null '.hooks = null | .process.rlimits = null | .linux.sysctl = null | .annotations = null'
}

@test "each hook that features lists is run" {
        # "The runtime MUST support the elements in this array as the hooks property of config.json"
        assert_equal "$(words .hooks | paste -sd' ')" \
                "prestart createRuntime createContainer startContainer poststart poststop"
        for kind in $(words .hooks); do
                config --arg kind "$kind" '.hooks[$kind] = [{ path: "/bin/sh",
                        args: ["sh", "-c", "echo ran >/dev/null; exit 9"] }]'
                run ocirun run "$ID"
                assert_output_matches "hooks.$kind\[0\]: /bin/sh: exit status 9"
                config 'del(.hooks)'
        done
}

@test "each mount option that features lists is recognized, and none of them is a file system's" {
        mkdir source
        # "The runtime MUST recognize the elements in this array as the options of mounts objects in config.json."
        for word in $(words .mountOptions); do
                case $word in
                idmap | ridmap) # which need a mapping
                        assert_recognized "$word" '.mounts += [{ destination: "/m", source: "source", options: ["bind", $word],
                                uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
                                gidMappings: [{ containerID: 0, hostID: 1, size: 1 }] }]'
                        ;;
                remount) assert_recognized "$word" '.mounts += [{ destination: "/dev/shm", options: [$word, "bind"] }]' ;;
                bind | rbind)
                        assert_recognized "$word" '.mounts += [{ destination: "/m", source: "source", options: [$word] }]'
                        ;;
                *)
                        assert_recognized "$word" '.mounts += [
                                { destination: "/m", type: "tmpfs", source: "tmpfs", options: [$word] }]'
                        ;;
                esac
        done
        # "this array SHOULD NOT contain filesystem-specific mount options"
        run words .mountOptions
        assert_equal "$(grep -cE '=|^(size|mode|uid|gid|nr_inodes|hidepid|newinstance|ptmxmode|lowerdir|errors|data|acl)$' \
                <<<"$output")" 0
}

@test "each namespace that features lists is recognized" {
        # "The runtime MUST recognize the elements in this array as the type of linux.namespaces objects in config.json."
        assert_equal "$(words .linux.namespaces | sort | paste -sd' ')" "cgroup ipc mount network pid time user uts"
        for word in $(words .linux.namespaces); do
                assert_recognized "$word" '.linux.namespaces += [{ type: $word }] | .linux.namespaces |= unique |
                        if $word == "user" then .linux += ({ uidMappings: [{ containerID: 0, hostID: 0, size: 65536 }] } |
                                .gidMappings = .uidMappings) else . end'
        done
}

@test "each capability that features lists is recognized" {
        needs cap:setpcap
        # "The runtime MUST recognize the elements in this array in the process.capabilities object of config.json"
        assert_equal "$(words .linux.capabilities | wc -l)" 41
        for word in $(words .linux.capabilities); do
                try "$word" '.process.capabilities.bounding = [$word]'
                assert_status 0
                # one that the host or the caller lacks is left out with another warning
                refute_output_contains unknown
        done
}

@test "each word of seccomp that features lists is recognized" {
        # "The runtime MUST recognize the elements in this array in the syscalls[].action property", op, architectures
        # and flags
        for word in $(words .linux.seccomp.actions); do
                [ "$word" != SCMP_ACT_NOTIFY ] || continue # which needs an agent: the test of flags has one
                assert_recognized "$word" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW",
                        syscalls: [{ names: ["mkdirat"], action: $word }] } |
                        if $word == "SCMP_ACT_ALLOW" then .linux.seccomp.defaultAction = "SCMP_ACT_LOG" else . end'
        done
        for word in $(words .linux.seccomp.operators); do
                assert_recognized "$word" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{
                        names: ["personality"], action: "SCMP_ACT_ERRNO",
                        args: [{ index: 0, value: 8, op: $word } + if $word == "SCMP_CMP_MASKED_EQ" then
                                { valueTwo: 8 } else {} end] }] }'
        done
        for word in $(words .linux.seccomp.archs); do
                try "$word" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", architectures: [$word],
                        syscalls: [{ names: ["mkdirat"], action: "SCMP_ACT_ERRNO" }] }'
                [ "$status" -eq 0 ] || assert_output_contains "$word has another byte order than this machine"
        done
        assert_equal "$(words .linux.seccomp.actions | wc -l) $(words .linux.seccomp.operators | wc -l)" "9 7"
        assert_equal "$(words .linux.seccomp.supportedFlags)" "$(words .linux.seccomp.knownFlags)"
        for word in $(words .linux.seccomp.knownFlags); do
                assert_recognized "$word" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", flags: [$word],
                        listenerPath: "/nowhere",
                        syscalls: [{ names: ["personality"], action: "SCMP_ACT_NOTIFY" }] }'
        done
}

@test "each word of memoryPolicy that features lists is recognized" {
        # "The runtime MUST recognize the elements in this array as the mode of linux.memoryPolicy objects", and of flags
        [ -e /proc/self/numa_maps ] || skip "needs linux:numa"
        for word in $(words .linux.memoryPolicy.modes); do
                try "$word" '.linux.memoryPolicy = { mode: $word,
                        nodes: (if $word | IN("MPOL_DEFAULT", "MPOL_LOCAL") then "" else "0" end) }'
                # an older kernel may not have it
                [ "$status" -eq 0 ] || assert_output_contains "linux.memoryPolicy: set $word"
        done
        for word in $(words .linux.memoryPolicy.flags); do
                assert_recognized "$word" '.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0", flags: [$word] }'
        done
        assert_equal "$(words .linux.memoryPolicy.modes | wc -l) $(words .linux.memoryPolicy.flags | wc -l)" "7 3"
}

@test "annotations that change what the runtime does are those that features lists" {
        # "contains values of annotations property of config.json that may potentially change the behavior of the
        # runtime. A value that ends with "." is interpreted as a prefix of annotations."
        expected=org.opencontainers.image.stopSignal
        [ "$(jq .linux.cgroup.systemd features.json)" != true ] || expected="$expected org.systemd.property."
        assert_equal "$(words .potentiallyUnsafeConfigAnnotations | paste -sd' ')" "$expected"
}
