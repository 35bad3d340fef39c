#!/usr/bin/env bats
# User namespaces of a container that root of the host makes (config-linux.md, User namespace mappings), and
# time offsets, which go through the same change of ids.

load helpers

# The container has a new user namespace with these mappings.
map_ids() { # JSON
        config --argjson mappings "$1" '.linux.namespaces += [{ "type": "user" }]
                | .linux.uidMappings = $mappings | .linux.gidMappings = $mappings'
}

one_range='[{ "containerID": 0, "hostID": 100000, "size": 65536 }]'

setup() {
        setup_test
        needs root userns
        bundle web
}

# ---- mappings

# "containerID - is the starting uid/gid in the container. hostID - is the starting uid/gid on the host to be
# mapped to containerID. size - is the number of ids to be mapped."
@test "several ranges are mapped, for users and groups apart" {
        map_ids '[{ "containerID": 0, "hostID": 100000, "size": 10 },
                { "containerID": 1000, "hostID": 0, "size": 1 }, { "containerID": 5000, "hostID": 200000, "size": 3 }]'
        config '.linux.gidMappings = [{ "containerID": 0, "hostID": 300000, "size": 100 }]'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        assert_equal "$(tr -s ' ' <"/proc/$pid/uid_map")" " 0 100000 10
 1000 0 1
 5000 200000 3"
        assert_equal "$(tr -s ' ' <"/proc/$pid/gid_map")" " 0 300000 100"
        assert_equal "$(awk '/^[UG]id/ { print $2 }' "/proc/$pid/status" | paste -sd' ')" "100000 300000"
}

@test "as many mappings as the kernel takes, and one more" {
        map_ids "$(jq -n '[range(340) | { "containerID": ., "hostID": (2 * .), "size": 1 }]')"
        run_container 'wc -l </proc/self/uid_map; wc -l </proc/self/gid_map'
        assert_status 0
        assert_output "340
340"
        config '.linux.uidMappings += [{ "containerID": 340, "hostID": 200000, "size": 1 }]'
        run_container true
        assert_status 1
        assert_output_contains "linux.uidMappings: write 341 mappings to /proc/"
        assert_output_contains "invalid argument (EINVAL)"
        assert_output_contains "hint: the kernel takes at most 340 mappings"
        # or fewer, if the numbers are long: 320 lines of 14 characters
        config '.linux.uidMappings = [range(320) | { "containerID": ., "hostID": (1000000 + 2 * .), "size": 1 }]'
        run_container true
        assert_status 1
        assert_output_contains "linux.uidMappings: write 320 mappings to /proc/"
        assert_output_contains "hint: the kernel takes at most 340 mappings, which are less than a page of text"
        assert_no_debris
}

@test "the process gets its mapped ids, and the files it makes belong to them" {
        map_ids "$one_range"
        mkdir rootfs/out
        chmod 0777 rootfs/out
        config '.process.user = { "uid": 1000, "gid": 2000, "additionalGids": [2001, 2002] }'
        run_container 'id -u; id -g; id -G; echo x >/out/file; cat /proc/self/setgroups'
        assert_status 0
        assert_output "1000
2000
2000 2001 2002
allow"
        assert_equal "$(stat -c '%u %g' rootfs/out/file)" "101000 102000"
}

# "The runtime SHOULD NOT modify the ownership of referenced filesystems to realize the mapping."
@test "files of the host's root are nobody's in the container, and stay root's" {
        map_ids "$one_range"
        run_container 'stat -c "%u %g" /bin/busybox; stat -c %u / /dev'
        assert_status 0
        assert_output "65534 65534
65534
0"
        assert_equal "$(stat -c '%u %g' rootfs rootfs/bin/busybox | sort -u)" "0 0"
}

@test "an id of the process that is not mapped is refused" {
        map_ids '[{ "containerID": 0, "hostID": 100000, "size": 1000 }]'
        config '.process.user = { "uid": 1000, "gid": 0 }'
        run_container true
        assert_status 1
        assert_output_contains "process.user"
        assert_output_contains "1000"
        assert_output_contains "invalid argument (EINVAL)"
        config '.process.user = { "uid": 0, "gid": 1001 }'
        run_container true
        assert_status 1
        assert_output_contains "process.user"
        assert_output_contains "1001"
        config '.process.user = { "uid": 0, "gid": 0, "additionalGids": [5, 1002] }'
        run_container true
        assert_status 1
        assert_output_contains "process.user"
        assert_no_debris
}

@test "a container without root in its user namespace" {
        map_ids '[{ "containerID": 500, "hostID": 100500, "size": 10 }]'
        # without a root, nobody can own what the kernel makes for it
        config '.process.user = { "uid": 501, "gid": 502 } | del(.mounts[] | select(.destination == "/dev/pts") | .options)'
        run_container 'id -u; id -g; test -c /dev/null && echo >/dev/null && echo null'
        assert_status 0
        assert_output "501
502
null"
}

@test "mappings that cannot be are refused in the place where they stand" {
        local mappings message
        map_ids "$one_range"
        while IFS='|' read -r mappings message; do
                config --argjson mappings "$mappings" '.linux.uidMappings = $mappings'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: $message"
        done <<'END'
[]|linux.uidMappings: a new user namespace needs at least one mapping
[{"containerID":0,"hostID":1,"size":0}]|linux.uidMappings[0].size: must be at least 1
[{"containerID":0,"hostID":1,"size":1},{"containerID":1,"hostID":4294967290,"size":6}]|linux.uidMappings[1].size:
[{"containerID":4294967290,"hostID":1,"size":6}]|linux.uidMappings[0].size:
[{"containerID":0,"hostID":4294967296,"size":1}]|linux.uidMappings[0].hostID:
[{"containerID":-1,"hostID":0,"size":1}]|linux.uidMappings[0].containerID:
[{"containerID":0,"hostID":0}]|linux.uidMappings[0].size:
[{"containerID":0,"size":1}]|linux.uidMappings[0].hostID:
[{"containerID":0,"hostID":100000,"size":10},{"containerID":5,"hostID":200000,"size":10}]|linux.uidMappings: write 2 mappings
END
        assert_no_debris
}

@test "mappings without a user namespace are refused" {
        config --argjson mappings "$one_range" '.linux.uidMappings = $mappings'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.uidMappings: mappings need a user namespace"
        assert_output_contains 'hint: add { "type": "user" } to linux.namespaces'
        assert_no_debris
}

# ---- what the container finds

@test "device nodes are the host's, bound" {
        map_ids "$one_range"
        config '.linux.devices = [{ "path": "/dev/null", "type": "c", "major": 1, "minor": 3 },
                { "path": "/dev/pipe", "type": "p", "fileMode": 384 }]'
        run_container 'echo x >/dev/null && head -c 4 /dev/zero | wc -c; stat -c "%t %T" /dev/null /dev/tty; stat -c "%F %a" /dev/pipe
                awk "\$5 == \"/dev/null\" { print \$(NF - 1) }" /proc/self/mountinfo'
        assert_status 0
        assert_equal "$(paste -sd' ' <<<"$output")" "4 1 3 5 0 fifo 600 devtmpfs"
}

@test "a device that the host has not, or not as that, is refused in a user namespace" {
        map_ids "$one_range"
        config '.linux.devices = [{ "path": "/dev/no-such", "type": "c", "major": 1, "minor": 3 }]'
        run_container true
        assert_status 1
        assert_output_contains "linux.devices[0]: open the host's /dev/no-such"
        config '.linux.devices[0].path = "/dev/zero"'
        run_container true
        assert_status 1
        assert_output_contains "linux.devices[0]"
        assert_output_contains "the host's /dev/zero is not the device 1:3"
        assert_no_debris
}

@test "all default file systems are mounted" {
        map_ids "$one_range"
        config '.mounts += [{ "destination": "/sys/fs/cgroup", "type": "cgroup2", "source": "cgroup2", "options": ["ro"] }]'
        run_container 'awk "{ print \$5, \$(NF-2) }" /proc/self/mountinfo; echo x >/dev/shm/x && cat /dev/shm/x'
        assert_status 0
        for mount in "/proc proc" "/dev tmpfs" "/dev/pts devpts" "/dev/shm tmpfs" "/dev/mqueue mqueue" "/sys sysfs" \
                "/sys/fs/cgroup cgroup2"; do
                assert_output_contains "$mount"
        done
        assert_equal "${lines[-1]}" x
}

@test "sysfs without a new network namespace is the host's, read-only" {
        map_ids "$one_range"
        config '.linux.namespaces |= map(select(.type != "network"))'
        config '.mounts |= map(if .destination == "/sys" then .options = ["rw"] else . end)'
        run_container 'awk "\$5 == \"/sys\" { print \$6, \$(NF-2) }" /proc/self/mountinfo; ls /sys/class/net | grep -x lo; readlink /proc/self/ns/net'
        assert_status 0
        assert_output_matches "^ro,"
        assert_equal "${lines[2]}" "$(readlink /proc/self/ns/net)"
}

@test "the host's cgroups cannot be written (CVE-2023-25809)" {
        map_ids "$one_range"
        config '.linux.namespaces |= map(select(.type != "cgroup" and .type != "network"))'
        config '.mounts += [{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw"] }]'
        run_container 'for file in $(find /sys/fs/cgroup -name "cgroup.*procs" | head -50); do
                        n=$((n + 1))
                        (echo 0 >$file) 2>/dev/null && echo "written: $file"
                done
                test "$n" && echo end'
        assert_status 0
        assert_output end
}

@test "mqueue of an inherited ipc namespace is refused with the reason" {
        map_ids "$one_range"
        config '.linux.namespaces |= map(select(.type != "ipc"))'
        run_container true
        assert_status 1
        assert_output_contains "mounts[4]"
        assert_output_contains "operation not permitted (EPERM)"
        assert_output_contains "hint: in a user namespace this needs an ipc namespace that it owns"
        assert_no_debris
}

@test "proc of an inherited pid namespace is refused with the reason" {
        map_ids "$one_range"
        config '.linux.namespaces |= map(select(.type != "pid"))'
        run_container true
        assert_status 1
        assert_output_contains "mounts[0]"
        assert_output_contains "operation not permitted (EPERM)"
        assert_output_contains "hint: in a user namespace this needs a pid namespace that it owns"
        assert_no_debris
}

@test "a gid of devpts that is not mapped is refused with the reason" {
        map_ids '[{ "containerID": 0, "hostID": 100000, "size": 5 }]'
        run_container true
        assert_status 1
        assert_output_contains "mounts[2].options"
        assert_output_contains "gid"
        assert_output_contains "hint: it must be a number that is mapped in the user namespace of the container"
        assert_no_debris
}

@test "masked and read-only paths hold" {
        map_ids "$one_range"
        run_container 'wc -c </proc/keys; echo 1 >/proc/sys/kernel/panic; umount /proc/keys; mount -o remount,rw /proc/sys; wc -c </proc/keys'
        assert_equal "${lines[0]}" 0
        assert_equal "${lines[-1]}" 0
        assert_output_contains "Read-only file system"
}

@test "a bind mount shows the owners on the host as they are mapped" {
        map_ids "$one_range"
        mkdir source rootfs/mnt
        touch source/inside source/outside
        chown 100007:100008 source/inside
        config '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "source", "options": ["rbind"] }]'
        run_container 'stat -c "%u %g" /mnt/inside /mnt/outside'
        assert_status 0
        assert_output "7 8
65534 65534"
}

@test "a root file system whose path is out of reach for the mapped ids" {
        map_ids "$one_range"
        mkdir "$BATS_TEST_TMPDIR/closed"
        mv rootfs "$BATS_TEST_TMPDIR/closed/rootfs"
        chmod 0700 "$BATS_TEST_TMPDIR/closed"
        config --arg path "$BATS_TEST_TMPDIR/closed/rootfs" '.root.path = $path'
        run_container 'echo reached'
        assert_status 0
        assert_output reached
}

@test "init cannot be traced, and its descriptors cannot be opened, by the container's root" {
        map_ids "$one_range"
        config '.process.args = ["true"]'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        # CVE-2016-9962: until execve, its files of procfs belong to root of the host
        assert_equal "$(stat -c %u "/proc/$pid/fd")" 0
        run nsenter --user="/proc/$pid/ns/user" ls "/proc/$pid/fd"
        [ "$status" -ne 0 ]
}

# ---- time

time_namespace() {
        config '.linux.namespaces += [{ "type": "time" }]'
}

# config-linux.md, Offset for Time Namespace: "secs - is the offset of clock (in seconds) in the container"
@test "the clocks of a time namespace have their offsets, without and with a user namespace" {
        time_namespace
        config '.linux.timeOffsets = { "boottime": { "secs": 864000, "nanosecs": 7 }, "monotonic": { "secs": 1000, "nanosecs": 999999999 } }'
        config '.process.capabilities = {}'
        for user in no yes; do
                [ $user = no ] || map_ids "$one_range"
                before=$(cut -d. -f1 /proc/uptime)
                run_container 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets | tr -s " "'
                assert_status 0
                [ "${lines[0]}" -ge $((before + 864000)) ] && [ "${lines[0]}" -le $((before + 864100)) ]
                assert_equal "${lines[1]}" "monotonic 1000 999999999"
                assert_equal "${lines[2]}" "boottime 864000 7"
        done
}

@test "an offset may be negative, but not to before the machine started" {
        time_namespace
        config '.linux.timeOffsets = { "boottime": { "secs": -2 } }'
        run_container 'tail -1 /proc/self/timens_offsets | tr -s " "'
        assert_status 0
        assert_output "boottime -2 0"
        config '.linux.timeOffsets = { "monotonic": { "secs": -1000000000 } }'
        run_container true
        assert_status 1
        assert_output_contains 'config.json: linux.timeOffsets.monotonic: write "monotonic -1000000000 0" to /proc/'
        assert_output_contains "numerical result out of range (ERANGE)"
        assert_no_debris
}

@test "offsets that cannot be are refused" {
        time_namespace
        config '.linux.timeOffsets = { "realtime": { "secs": 1 } }'
        run_container true
        assert_status 1
        assert_output_contains "config.json: linux.timeOffsets.realtime: only the clocks monotonic and boottime have an offset"
        config '.linux.timeOffsets = { "boottime": { "nanosecs": 1000000000 } }'
        run_container true
        assert_status 1
        assert_output_contains "config.json: linux.timeOffsets.boottime.nanosecs: must be less than 1000000000"
        config '.linux.timeOffsets = { "boottime": { "secs": 1 } } | .linux.namespaces |= map(select(.type != "time"))'
        run_container true
        assert_status 1
        assert_output_contains "config.json: linux.timeOffsets: need a new time namespace"
        assert_no_debris
}
