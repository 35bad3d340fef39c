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

# The processes of the outer container must have made room: a cgroup with processes hands down no controllers.
@test "a container in a container has limits of its own, once the outer one's processes are in a cgroup below" {
        needs static cgroup2:memory cgroup2:pids
        mkdir -p rootfs/inner rootfs/run
        cp -a "$OCIRUN_TEST_ROOTS/busybox" rootfs/inner/rootfs
        cp "$OCIRUN" rootfs/bin/ocirun
        # shellcheck disable=SC2154 # set by helpers.bash
        jq '.process.args = ["sleep", "100"] | .linux.resources = { memory: { limit: 16777216 }, pids: { limit: 9 } }' \
                "$helpers/config.json" >rootfs/inner/config.json
        config 'del(.linux.maskedPaths, .linux.readonlyPaths, .process.noNewPrivileges)
                | .linux.resources = { memory: { limit: 67108864 }, pids: { limit: 50 } }
                | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_NET_ADMIN",
                        "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])
                | .mounts |= map(if .destination == "/sys" then .options -= ["ro"] else . end)
                | .mounts += [{ "destination": "/run", "type": "tmpfs", "source": "run" },
                        { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw"] }]'
        run_container 'run() { ocirun run --detach --bundle /inner web </dev/null >/log 2>&1; echo "status $?"; cat /log; }
                run
                mkdir /sys/fs/cgroup/own; echo $$ >/sys/fs/cgroup/own/cgroup.procs
                run
                cd /sys/fs/cgroup; cat ocirun-web/memory.max ocirun-web/pids.max memory.max
                grep -c . ocirun-web/cgroup.procs; ocirun delete --force web; ls -d ocirun-web'
        assert_equal "${lines[0]}" "status 1"
        assert_output_contains "config.json: linux.resources.memory.limit: write \"+memory +pids\" to cgroup.subtree_control of cgroup /: device or resource busy (EBUSY)"
        assert_output_contains "hint: cgroup / has processes of its own (1), and then limits cannot be set below it: choose another linux.cgroupsPath, or move them into a cgroup below"
        assert_output_contains "status 0
16777216
9
67108864
1"
        assert_output_contains "ocirun-web: No such file or directory"
        assert_no_debris
}

# ---- a service of systemd that may make cgroups

# A service with these properties runs a container in a cgroup of its own beside the runtime:  in_service PROPERTY...
in_service() {
        service=/system.slice/$ID.service
        config --arg path "$service/web" '.linux.cgroupsPath = $path
                | .linux.resources = { memory: { limit: 16777216 }, pids: { limit: 9 } }'
        config --arg cgroup "/cgroup$service" '
                .mounts += [{ destination: "/cgroup", type: "bind", source: "/sys/fs/cgroup", options: ["rbind", "ro"] }]
                | .process.args = ["sh", "-c", "cd $0; cat web/memory.max web/pids.max; grep -c . web/cgroup.procs; ls -d *", $cgroup]'
        run systemd-run --quiet --wait --pipe --collect --unit="$ID.service" "${@/#/--property=}" \
                "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
}

@test "a service with Delegate=yes makes containers below its own cgroup" {
        needs systemd cgroup2:memory cgroup2:pids
        in_service Delegate=yes DelegateSubgroup=own
        assert_status 0
        assert_equal "${lines[0]} ${lines[1]}" "16777216 9"
        assert_output_matches "(^|
)own(
|$)"
        assert_no_debris
}

@test "a service that has processes in its own cgroup is told to move them" {
        needs systemd cgroup2:memory cgroup2:pids
        in_service Delegate=yes
        assert_status 1
        assert_output_contains "config.json: linux.resources.memory.limit: write \"+memory +pids\" to cgroup.subtree_control of cgroup $service: device or resource busy (EBUSY)"
        assert_output_matches "hint: cgroup $service has processes of its own \([0-9]+\), and then limits cannot be set below it"
        assert_no_debris
}
