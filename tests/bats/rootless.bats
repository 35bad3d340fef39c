#!/usr/bin/env bats
# The whole life of a container by an ordinary user, with his own id alone or with subordinate ids.

load helpers

# The bundle is the user's, and so is what the runtime keeps: --root is its default.
setup() {
        setup_test
        needs root rootless-user
        bundle web
        # what `ocirun spec --rootless` writes
        config '.linux.namespaces += [{ "type": "user" }] | .linux.namespaces |= map(select(.type != "network"))
                | .linux.uidMappings = [{ "containerID": 0, "hostID": 64300, "size": 1 }]
                | .linux.gidMappings = .linux.uidMappings | del(.linux.resources)
                | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"]
                        elif .destination == "/sys" then . * { "type": "bind", "source": "/sys", "options": ["rbind", "ro"] }
                        else . end)'
        chown -R 64300:64300 "$BUNDLE"
        states=$BATS_TEST_TMPDIR/user/run/ocirun
}

teardown() {
        local id

        for id in $(cd "$states" 2>/dev/null && ls); do
                user_ocirun delete --force "$id"
        done
        teardown_test
}

user_ocirun() {
        as_user "$OCIRUN" "$@"
}

run_as_user() { # SCRIPT [OPTION...]
        config --arg script "$1" '.process.args = ["sh", "-c", $script]'
        shift
        run user_ocirun run --bundle "$BUNDLE" "$@" "$ID"
}

assert_nothing_left() {
        assert_equal "$(ls "$states" 2>/dev/null)" ""
        assert_no_debris
}

subordinate_ids() {
        config '.linux.uidMappings += [{ "containerID": 1, "hostID": 1000000000, "size": 65536 }]
                | .linux.gidMappings = .linux.uidMappings'
}

# ---- ids

@test "the configuration of spec --rootless runs" {
        rm -r config.json rootfs
        mkdir rootfs
        cp "$OCIRUN_HELLO" rootfs/hello
        chown -R 64300:64300 rootfs
        run user_ocirun spec --rootless --bundle "$BUNDLE"
        assert_status 0
        config '.process.args = ["/hello"] | .process.terminal = false'
        run user_ocirun run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_output_matches 'process id +1'
        assert_output_matches 'user +uid 0, gid 0'
        assert_output_matches '/sys +sysfs +ro'
        assert_nothing_left
}

@test "the own id alone needs no helper, and setgroups is denied" {
        run as_user env PATH=/nowhere "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        assert_status 0
        run_as_user 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; cat /proc/self/setgroups; touch /tmp/x'
        assert_status 0
        assert_output "0
0
 0 64300 1
 0 64300 1
deny"
        assert_equal "$(stat -c '%u %g' rootfs/tmp/x)" "64300 64300"
        assert_nothing_left
}

@test "newuidmap and newgidmap map subordinate ids" {
        subordinate_ids
        config '.process.user = { "uid": 7, "gid": 8, "additionalGids": [9] }'
        run_as_user 'id -u; id -g; id -G; cat /proc/self/uid_map | tr -s " "; cat /proc/self/setgroups; touch /tmp/x'
        assert_status 0
        assert_output "7
8
8 9
 0 64300 1
 1 1000000000 65536
allow"
        assert_equal "$(stat -c '%u %g' rootfs/tmp/x)" "1000000006 1000000007"
        assert_nothing_left
}

@test "gid=5 of devpts needs subordinate ids" {
        config '.mounts |= map(if .destination == "/dev/pts" then .options += ["gid=5"] else . end)'
        run_as_user true
        assert_status 1
        assert_output_contains "mounts[2].options"
        assert_output_contains "hint: it must be a number that is mapped in the user namespace of the container"
        assert_nothing_left
        subordinate_ids
        run_as_user 'awk "\$5 == \"/dev/pts\" { print \$NF }" /proc/self/mountinfo'
        assert_status 0
        # mountinfo shows it as the host's group
        assert_output_contains "gid=1000000004"
}

@test "newuidmap that is missing is named, with the package" {
        subordinate_ids
        run as_user env PATH=/nowhere "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.uidMappings: newuidmap is not installed"
        assert_output_contains "hint: Debian has it in the package uidmap"
        assert_nothing_left
}

@test "newuidmap that refuses is shown with its arguments, and with what it said" {
        config '.linux.uidMappings += [{ "containerID": 1, "hostID": 5000, "size": 10 }]'
        run_as_user true
        assert_status 1
        assert_output_matches 'config.json: linux.uidMappings: "newuidmap [0-9]+ 0 64300 1 1 5000 10" failed'
        assert_output_matches 'newuidmap: .*not allowed'
        assert_output_contains "hint: /etc/subuid and /etc/subgid must allow the caller these ranges"
        assert_nothing_left
}

@test "who asks for additional groups with his own id alone learns why not" {
        config '.process.user.additionalGids = [0]'
        run_as_user true
        assert_status 1
        assert_output_contains "process.user"
        assert_output_contains "operation not permitted (EPERM)"
        assert_nothing_left
}

@test "without a user namespace the error says what is missing" {
        config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
        run_as_user true
        assert_status 1
        assert_output_contains "operation not permitted (EPERM)"
        assert_output_contains 'hint: without the privileges of root this needs a user namespace: add { "type": "user" }'
        assert_output_contains 'ocirun spec --rootless'
        assert_nothing_left
}

# ---- life

@test "create, state, list, start, kill and delete" {
        config '.process.args = ["sh", "-c", "mkfifo /tmp/f; read x </tmp/f"]'
        run_detached user_ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_exists "$states/$ID/state.json"
        assert_equal "$(stat -c '%u %a' "$states/$ID")" "64300 700"
        run user_ocirun state "$ID"
        assert_status 0
        assert_equal "$(jq -r '.status' <<<"$output")" created
        pid=$(jq .pid <<<"$output")
        assert_equal "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")" 64300
        run user_ocirun start "$ID"
        assert_status 0
        run user_ocirun list
        assert_output_matches "$ID +$pid +running"
        run user_ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        run user_ocirun delete "$ID"
        assert_status 0
        assert_nothing_left
}

@test "a process with a subordinate id is killed and deleted" {
        subordinate_ids
        config '.process.user = { "uid": 7, "gid": 8 } | .process.args = ["sleep", "1000"]'
        run_detached user_ocirun run --detach --bundle "$BUNDLE" "$ID"
        assert_status 0
        pid=$(user_ocirun state "$ID" | jq .pid)
        assert_equal "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")" 1000000006
        run user_ocirun delete --force "$ID"
        assert_status 0
        wait_for_end "$pid"
        assert_nothing_left
}

@test "a create that fails leaves nothing" {
        config '.process.args = ["/no/such/program"]'
        run user_ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "/no/such/program"
        assert_nothing_left
}

@test "hooks run, in the runtime and in the container namespaces" {
        config --arg out "$BATS_TEST_TMPDIR/user/hooks" '
                def hook(where): [{ "path": "/bin/sh", "args": ["sh", "-c", "id -u >" + where] }];
                .hooks = { "createRuntime": hook($out), "createContainer": hook($out + ".c"), "startContainer": hook("/tmp/s") }'
        run_as_user 'cat /tmp/s'
        assert_status 0
        assert_output 0
        assert_equal "$(cat "$BATS_TEST_TMPDIR/user/hooks")" 64300
        assert_equal "$(cat "$BATS_TEST_TMPDIR/user/hooks.c")" 0
        assert_nothing_left
}

@test "a console socket gets the terminal" {
        config '.process.terminal = true | .process.args = ["sh", "-c", "test -t 0 && tty"]'
        mkfifo ready
        python3 - "$BATS_TEST_TMPDIR/console" >"$BATS_TEST_TMPDIR/terminal" 3>&- <<'END' &
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen()
open("ready", "w").write("\n")
connection, _ = s.accept()
_, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
fd = array.array("i", ancillary[0][2])[0]
try:
    while True:
        data = os.read(fd, 4096)
        if not data:
            break
        os.write(1, data)
except OSError:
    pass
END
        receiver=$!
        read -r <ready
        run_detached user_ocirun create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/console" "$ID"
        assert_status 0
        pid=$(user_ocirun state "$ID" | jq .pid)
        run user_ocirun start "$ID"
        assert_status 0
        wait_for_end "$pid"
        wait_for_end "$receiver"
        grep -q /dev/pts/0 "$BATS_TEST_TMPDIR/terminal"
}

# ---- what the container finds

@test "bind mounts, masked and read-only paths, device nodes" {
        mkdir source
        echo content >source/file
        chown -R 64300:64300 source
        config '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "source", "options": ["rbind", "ro"] }]
                | .linux.readonlyPaths += ["/etc"]'
        run_as_user 'cat /mnt/file; touch /mnt/x; touch /etc/x; wc -c </proc/keys; echo x >/dev/null && test -c /dev/zero && echo nodes'
        assert_status 0
        assert_equal "${lines[0]}" content
        # the source is relative to the bundle
        assert_output_contains "/mnt/x: Read-only file system"
        assert_output_contains "/etc/x: Read-only file system"
        assert_equal "${lines[-2]} ${lines[-1]}" "0 nodes"
        assert_nothing_left
}

@test "a network namespace of its own, and sysfs for it" {
        config '.linux.namespaces += [{ "type": "network" }]
                | .mounts |= map(if .destination == "/sys" then . * { "type": "sysfs", "source": "sysfs", "options": ["ro"] } else . end)'
        run_as_user 'ls /sys/class/net; ip -o link show lo'
        assert_status 0
        assert_equal "${lines[0]}" lo
        assert_output_contains "LOOPBACK,UP"
}

@test "time offsets" {
        config '.linux.namespaces += [{ "type": "time" }] | .linux.timeOffsets = { "boottime": { "secs": 5000 } }'
        run_as_user 'tail -1 /proc/self/timens_offsets | tr -s " "'
        assert_status 0
        assert_output "boottime 5000 0"
}

# ---- cgroups

@test "without a cgroup that may be written, and without limits, the container has none of its own" {
        run_as_user 'echo runs'
        assert_status 0
        assert_output runs
        assert_nothing_left
}

@test "a limit that cannot be set is refused: which controller, and how to be given it" {
        config '.linux.resources = { "memory": { "limit": 10000000 } }'
        run_as_user true
        assert_status 1
        assert_output_contains "linux.resources.memory"
        assert_output_matches 'hint: .*delegat'
        assert_nothing_left
        config '.linux.resources = { "pids": { "limit": 10 } }'
        run_as_user true
        assert_status 1
        assert_output_contains "linux.resources.pids"
        assert_nothing_left
}

@test "with cgroup2 that is not delegated, limits are refused, and no limits are none" {
        config '.linux.resources = { "memory": { "limit": 10000000 } }'
        # shellcheck disable=SC2154 # set by helpers.bash
        set -- "$helpers/as-user" "$BATS_TEST_TMPDIR/user" "$OCIRUN" run --bundle "$BUNDLE" "$ID"
        run in_private_cgroup2 "$@"
        assert_status 1
        assert_output_contains "linux.resources.memory"
        assert_output_matches 'hint: .*delegat'
        config 'del(.linux.resources)'
        run in_private_cgroup2 "$@"
        assert_status 0
        assert_nothing_left
}

@test "device rules are no error: a user namespace has no nodes but those that are bound" {
        config '.linux.resources = { "devices": [{ "allow": false, "access": "rwm" }] }'
        run_as_user 'echo x >/dev/null && echo runs'
        assert_status 0
        assert_output_contains runs
}
