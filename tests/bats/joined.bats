#!/usr/bin/env bats
# User and mount namespaces that are joined by path, by root and by an ordinary user.

load helpers

# A process in new namespaces, as unshare's options say, until the test ends: its pid is $holder.
hold() { # [as_user] unshare OPTION...
        mkfifo ready
        chmod 0666 ready
        "$@" sh -c 'echo $$ >ready; exec sleep 1000' 3>&- &
        starter=$!
        read -r holder <ready
        rm ready
}

# $holder has said its number in its own pid namespace: the host's is that of the last child.
hold_innermost() {
        local child

        holder=$starter
        while child=$(cut -d' ' -f1 "/proc/$holder/task/$holder/children") && [ -n "$child" ]; do
                holder=$child
        done
}

teardown() {
        local id states=$BATS_TEST_TMPDIR/user/run/ocirun

        for id in $(cd "$states" 2>/dev/null && ls); do
                as_user "$OCIRUN" delete --force "$id"
        done
        [ -z "${holder:-}" ] || kill -KILL "$holder" 2>/dev/null || :
        [ -z "${starter:-}" ] || wait_for_end "$starter"
        teardown_test
}

# The namespaces of that process that are named are joined, and listed last to first.
join() { # PID TYPE:FILE...
        local kind pid=$1

        shift
        for kind; do
                config --arg type "${kind%:*}" --arg path "/proc/$pid/ns/${kind#*:}" '.linux.namespaces |=
                        [{ "type": $type, "path": $path }] + map(select(.type != $type))'
        done
}

namespace_of() { # PID FILE
        readlink "/proc/$1/ns/$2"
}

map_holder() {
        echo "0 100000 65536" >"/proc/$holder/uid_map"
        echo "0 100000 65536" >"/proc/$holder/gid_map"
}

# ---- user namespaces, joined by root

# config-linux.md, Namespaces: "The runtime MUST place the container process in the namespace associated with
# that path."
@test "a user namespace is joined, with everything else new" {
        needs root userns
        bundle web
        hold unshare --user
        map_holder
        join "$holder" user:user
        config '.linux.namespaces += [{ "type": "time" }] | .linux.timeOffsets = { "boottime": { "secs": 5000 } } | .process.oomScoreAdj = 500'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        assert_equal "$(namespace_of "$pid" user)" "$(namespace_of "$holder" user)"
        for file in cgroup ipc mnt net pid time uts; do
                [ "$(namespace_of "$pid" $file)" != "$(namespace_of self $file)" ] || fail "$file"
        done
        # all of them belong to the user namespace
        for file in cgroup ipc mnt net pid time uts; do
                assert_equal "$(owner_of "/proc/$pid/ns/$file")" "$(stat -L -c %i "/proc/$holder/ns/user")"
        done
        assert_equal "$(awk '/^[UG]id/ { print $2 }' "/proc/$pid/status" | paste -sd' ')" "100000 100000"
        assert_equal "$(cat "/proc/$pid/oom_score_adj")" 500
        assert_equal "$(tr -s ' ' <"/proc/$pid/timens_offsets" | tail -1)" "boottime 5000 0"
        # the process in between, which joined and made the pid namespace, has ended
        assert_equal "$(awk '$1 == "NSpid:" { print $NF }' "/proc/$pid/status")" 1
}

# The inode of the user namespace that owns a namespace (ioctl_ns(2), NS_GET_USERNS).
owner_of() {
        python3 -c 'import fcntl, os, sys
print(os.fstat(fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0xb701)).st_ino)' "$1"
}

@test "the user namespace of a container is joined, with its other namespaces, and its mappings count" {
        needs root userns
        bundle web
        config '.linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 1000 }] | .linux.gidMappings = .linux.uidMappings
                | .linux.namespaces += [{ "type": "user" }]'
        run_detached ocirun create "$ID"
        assert_status 0
        first=$(container_pid)
        config 'del(.linux.uidMappings, .linux.gidMappings) | .process.user = { "uid": 7, "gid": 8 }'
        join "$first" user:user ipc:ipc network:net uts:uts pid:pid cgroup:cgroup
        run_detached ocirun create "$ID-2"
        assert_status 0
        second=$(container_pid "$ID-2")
        for file in user ipc net uts pid cgroup; do
                assert_equal "$(namespace_of "$second" $file)" "$(namespace_of "$first" $file)"
        done
        assert_equal "$(awk '/^[UG]id/ { print $2 }' "/proc/$second/status" | paste -sd' ')" "100007 100008"
        ocirun delete --force "$ID-2"
}

@test "a user namespace is joined with an inherited pid namespace" {
        needs root userns
        bundle web
        hold unshare --user
        map_holder
        join "$holder" user:user
        config '.linux.namespaces |= map(select(.type != "pid"))
                | .mounts |= map(if .destination == "/proc" then . * { "type": "bind", "source": "/proc", "options": ["rbind"] } else . end)'
        run_container 'readlink /proc/self/ns/user; readlink /proc/self/ns/pid; id -u'
        assert_status 0
        assert_output "$(namespace_of "$holder" user)
$(namespace_of self pid)
0"
}

@test "the network of the host's user namespace is joined by a container with a new user namespace" {
        needs root userns
        bundle web
        hold unshare --net
        join "$holder" network:net
        config '.linux.namespaces += [{ "type": "user" }] | .linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 65536 }]
                | .linux.gidMappings = .linux.uidMappings'
        run_container 'readlink /proc/self/ns/net; ls -d /sys/class/net; awk "\$5 == \"/sys\" { print \$6 }" /proc/self/mountinfo'
        assert_status 0
        assert_equal "${lines[0]}" "$(namespace_of "$holder" net)"
        assert_equal "${lines[1]}" /sys/class/net
        # sysfs is the host's: that of another user namespace's network cannot be mounted
        assert_output_matches "ro,"
}

@test "a user namespace without mappings is refused, and leaves nothing" {
        needs root userns
        bundle web
        hold unshare --user
        join "$holder" user:user
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "of the user namespace"
        assert_output_contains "invalid argument (EINVAL)"
        assert_equal "$(ocirun list --quiet)" ""
}

@test "the runtime's own user namespace cannot be joined (setns(2)), and leaves nothing" {
        needs root userns
        bundle web
        join self user:user
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.namespaces[0].path: join the user namespace /proc/self/ns/user: invalid argument (EINVAL)"
        assert_no_debris
        config '.linux.namespaces |= map(select(.type != "pid"))'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.namespaces[0].path: join the user namespace /proc/self/ns/user: invalid argument (EINVAL)"
        assert_no_debris
}

@test "what a new user namespace does not permit to join is refused, with the place" {
        needs root userns
        bundle web
        hold unshare --mount --propagation private
        join "$holder" mount:mnt
        config '.linux.namespaces += [{ "type": "user" }] | .linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 65536 }]
                | .linux.gidMappings = .linux.uidMappings'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.namespaces[0].path: join the mount namespace /proc/$holder/ns/mnt: operation not permitted (EPERM)"
        assert_equal "$(ocirun list --quiet)" ""
}

# ---- mount namespaces

@test "a mount namespace is joined: what is mounted there is seen, and the host sees nothing" {
        needs root
        bundle web
        mkdir rootfs/mnt
        hold unshare --mount --propagation private
        nsenter --mount="/proc/$holder/ns/mnt" mount -t tmpfs inner "$PWD/rootfs/mnt"
        join "$holder" mount:mnt
        config '.mounts += [{ "destination": "/bundle", "type": "bind", "source": "config.json" }]'
        run_container 'readlink /proc/self/ns/mnt; awk "\$5 == \"/mnt\" { print \$(NF - 1) }" /proc/self/mountinfo; test -s /bundle && ls /'
        assert_status 0
        assert_equal "${lines[0]}" "$(namespace_of "$holder" mnt)"
        assert_equal "${lines[1]}" inner
        assert_output_contains bundle
        assert_equal "$(grep -c "$BUNDLE" /proc/self/mountinfo)" 0
        # its owner's root is as it was
        assert_equal "$(readlink "/proc/$holder/root")" /
}

@test "a mount namespace without the root's path is refused, and leaves nothing" {
        needs root
        bundle web
        hold unshare --mount --propagation private
        nsenter --mount="/proc/$holder/ns/mnt" mount -t tmpfs empty "$BATS_TEST_TMPDIR"
        join "$holder" mount:mnt
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: root.path: open $BUNDLE/rootfs in the mount namespace that is joined: no such file or directory (ENOENT)"
        assert_equal "$(ocirun list --quiet)" ""
}

@test "a mount namespace is joined with the user namespace that owns it" {
        needs root userns
        bundle web
        hold unshare --user --mount --propagation private
        map_holder
        join "$holder" mount:mnt user:user
        run_container 'readlink /proc/self/ns/user; readlink /proc/self/ns/mnt; id -u'
        assert_status 0
        assert_output "$(namespace_of "$holder" user)
$(namespace_of "$holder" mnt)
0"
}

# ---- by an ordinary user

rootless_bundle() {
        needs root rootless-user
        bundle web
        config 'del(.linux.resources) | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end)'
        chown -R 64300:64300 "$BUNDLE"
        hold as_user unshare --map-root-user "$@"
}

@test "an ordinary user joins his user namespace, with new namespaces" {
        rootless_bundle
        join "$holder" user:user
        config '.linux.namespaces += [{ "type": "time" }] | .linux.timeOffsets = { "boottime": { "secs": 5000 } } | .process.oomScoreAdj = 500'
        config '.process.args = ["sh", "-c", "readlink /proc/self/ns/user; id -u; echo $$; cat /proc/self/oom_score_adj; tail -1 /proc/self/timens_offsets | tr -s \" \""]'
        run as_user "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output "$(namespace_of "$holder" user)
0
1
500
boottime 5000 0"
}

@test "an ordinary user joins namespaces that only his user namespace permits to join, of each kind" {
        rootless_bundle --ipc --net --uts --cgroup --pid --fork --kill-child
        hold_innermost
        join "$holder" user:user ipc:ipc network:net uts:uts cgroup:cgroup pid:pid
        config 'del(.hostname) | .process.args = ["sh", "-c", "for n in user ipc net uts cgroup pid; do readlink /proc/self/ns/$n; done; id -u; test $$ -gt 1"]'
        run as_user "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output "$(for n in user ipc net uts cgroup pid; do namespace_of "$holder" $n; done)
0"
}
