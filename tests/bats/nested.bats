#!/usr/bin/env bats
# The runtime as root of a user namespace that somebody else made, and in a container of its own.

load helpers

setup() {
        setup_test
        needs root userns
        bundle web
}

# As rootless engines call the runtime.
in_user_namespace() {
        run unshare --user --map-root-user --mount "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
}

@test "root of a user namespace runs a container in it, without another" {
        config 'del(.linux.resources) | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end)
                | .process.args = ["sh", "-c", "id -u; cat /proc/self/uid_map | tr -s \" \"; echo x >/dev/null && test -c /dev/zero && echo nodes; ls /sys/class/net"]'
        in_user_namespace run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output "0
 0 0 1
nodes
lo"
        assert_no_debris
}

@test "without a network namespace of its own it sees the host's sysfs, read-only" {
        config 'del(.linux.resources) | .linux.namespaces |= map(select(.type != "network"))
                | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end)
                | .process.args = ["awk", "$5 == \"/sys\" { print $6 }", "/proc/self/mountinfo"]'
        in_user_namespace run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output_matches "^ro,"
}

# No helper is needed: who has CAP_SETUID in a user namespace may map what is mapped in it.
@test "root of a user namespace maps several ranges of it" {
        needs rootless-user
        config 'del(.linux.resources) | .linux.namespaces += [{ "type": "user" }]
                | .linux.uidMappings = [{ "containerID": 0, "hostID": 10, "size": 100 }, { "containerID": 1000, "hostID": 0, "size": 1 }]
                | .linux.gidMappings = .linux.uidMappings
                | .process.args = ["sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map | tr -s \" \""]'
        chown -R 64300:64300 "$BUNDLE"
        run as_user unshare --user --map-root-user --map-auto --mount env PATH=/nowhere "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output " 0 10 100
 1000 0 1
 0 10 100
 1000 0 1"
        assert_equal "$(ls "$BATS_TEST_TMPDIR/user/run/ocirun")" ""
}

@test "an id that the runtime's user namespace has not is refused with the reason" {
        config 'del(.linux.resources) | .linux.namespaces += [{ "type": "user" }]
                | .linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 2 }] | .linux.gidMappings = .linux.uidMappings'
        in_user_namespace run --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.uidMappings: write 1 mapping to /proc/"
        assert_output_contains "operation not permitted (EPERM)"
        assert_output_contains "hint: the ids on the host must all be mapped in the user namespace of the runtime"
        assert_no_debris
}

# An outer container with all privileges, which has the runtime and a bundle in its root file system.
@test "a container in a privileged container" {
        needs static
        mkdir -p rootfs/inner rootfs/run
        cp -a "$OCIRUN_TEST_ROOTS/busybox" rootfs/inner/rootfs
        cp "$OCIRUN" rootfs/bin/ocirun
        # shellcheck disable=SC2154 # set by helpers.bash
        jq '.process.args = ["sh", "-c", "echo inner $$; hostname; exit 9"] | .hostname = "inner"' \
                "$helpers/config.json" >rootfs/inner/config.json
        config 'del(.linux.maskedPaths, .linux.readonlyPaths, .linux.resources, .process.noNewPrivileges)
                | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_NET_ADMIN",
                        "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])
                | .mounts |= map(if .destination == "/sys" then .options -= ["ro"] else . end)
                | .mounts += [{ "destination": "/run", "type": "tmpfs", "source": "run" },
                        { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw"] }]'
        run_container 'ocirun run --bundle /inner web; echo "status $?"; ls /run/ocirun'
        assert_status 0
        assert_output "inner 1
inner
status 9"
        assert_no_debris
}
