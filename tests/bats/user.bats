#!/usr/bin/env bats
# process.user: ids, supplementary groups and umask.

load helpers

setup() {
        setup_test
        bundle web
}

# From a caller who has groups and a umask of his own.
run_as_member() { # SHELL-SCRIPT
        config --arg script "$1" '.process.args = ["sh", "-c", $script]'
        run python3 -c 'import os, sys; os.setgroups([7, 8]); os.umask(0o027); os.execv(sys.argv[1], sys.argv[1:])' \
                "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
}

show_ids='awk "/^(Uid|Gid|Groups):/ { \$1 = \$1; print }" /proc/self/status'

# The value is wrong in itself.
assert_refused() { # JQ-FILTER MESSAGE...
        config "$1"
        run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.user.$2"
}

@test "uid, gid and additionalGids are those of the process" {
        # config.md, POSIX-platform User: "uid (int, REQUIRED) specifies the user ID [...] gid (int, REQUIRED) specifies
        # the group ID [...] additionalGids (array of ints, OPTIONAL) specifies additional group IDs"
        config '.process.user = { "uid": 1000, "gid": 2000, "additionalGids": [5, 3000, 0] }'
        run_as_member "$show_ids"
        assert_status 0
        assert_output "Uid: 1000 1000 1000 1000
Gid: 2000 2000 2000 2000
Groups: 0 5 3000"
}

@test "no group of the caller stays, whatever additionalGids says" {
        local groups

        for groups in '{}' '{ "additionalGids": [] }'; do
                config --argjson groups "$groups" '.process.user = { "uid": 0, "gid": 0 } + $groups'
                run_as_member "$show_ids"
                assert_status 0
                assert_output "Uid: 0 0 0 0
Gid: 0 0 0 0
Groups:"
        done
}

@test "ids need not be in /etc/passwd or small" {
        config '.process.user = { "uid": 4294967294, "gid": 4294967294, "additionalGids": [4294967294] }'
        run_container "$show_ids"
        assert_status 0
        assert_output_contains "Uid: 4294967294 4294967294 4294967294 4294967294"
        assert_output_contains "Groups: 4294967294"
}

@test "as many groups as Linux has, and one more" {
        config '.process.user.additionalGids = [range(65536)]'
        run_container 'awk "/^Groups/ { print NF - 1 }" /proc/self/status'
        assert_status 0
        assert_output 65536
        assert_refused '.process.user.additionalGids += [65536]' \
                "additionalGids: must have at most 65536 entries, not 65537"
}

@test "the id that stands for none is refused" {
        # to setresuid(2) it means "as it is", which is root
        assert_refused '.process.user.uid = 4294967295' "uid: must be from 0 to 4294967294, not 4294967295"
        assert_refused '.process.user = { "uid": 0, "gid": 4294967295 }' \
                "gid: must be from 0 to 4294967294, not 4294967295"
        assert_refused '.process.user = { "uid": 0, "gid": 0, "additionalGids": [1, 4294967295] }' \
                "additionalGids[1]: must be from 0 to 4294967294, not 4294967295"
}

@test "numbers that are no ids are refused, and do not wrap" {
        local number

        for number in -1 4294967296 18446744073709551616 1.5 '"1000"'; do
                jq -c . config.json | sed "s/\"user\":{[^}]*}/\"user\":{\"uid\":$number,\"gid\":0}/" >config.json.new
                mv config.json.new config.json
                run ocirun run "$ID"
                assert_status 1
                assert_output_contains "config.json: process.user.uid: "
        done
}

@test "ids that have no mapping in the user namespace" {
        needs userns
        config '.linux.namespaces += [{ "type": "user" }] | .process.user = { "uid": 1000, "gid": 0 } |
                .linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 1000 }] |
                .linux.gidMappings = .linux.uidMappings'
        chown -R -h 100000:100000 rootfs
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        assert_refused . "uid: set uid 1000: invalid argument (EINVAL)
  hint: 1000 is not mapped in the user namespace"
        assert_refused '.process.user = { "uid": 0, "gid": 1000 }' "gid: set gid 1000: invalid argument (EINVAL)
  hint: 1000 is not mapped in the user namespace"
        assert_refused '.process.user = { "uid": 0, "gid": 0, "additionalGids": [1, 1000] }' \
                "additionalGids[1]: set 2 supplementary groups: invalid argument (EINVAL)
  hint: 1000 is not mapped in the user namespace"
        config '.process.user = { "uid": 999, "gid": 998, "additionalGids": [997] }'
        run_container "$show_ids"
        assert_status 0
        assert_output_contains "Groups: 997"
}

# ---- umask

@test "umask is that of the configuration" {
        local umask

        # config.md, POSIX-platform User: "umask (int, OPTIONAL) specifies the umask of the user."
        for umask in 0 18 63 511; do
                config --argjson umask "$umask" '.process.user.umask = $umask'
                run_as_member 'umask; rm -rf /made /dir; echo >/made; mkdir /dir; stat -c %a /made /dir'
                assert_status 0
                assert_equal "${lines[*]}" "$(printf '%04o %o %o' "$umask" $((0666 & ~umask)) $((0777 & ~umask)))"
        done
}

@test "without umask it is the caller's" {
        # config.md, POSIX-platform User: "If unspecified, the umask should not be changed from the calling process'
        # umask."
        run_as_member umask
        assert_status 0
        assert_output 0027
}

@test "a umask with more bits than it has is refused" {
        assert_refused '.process.user.umask = 512' "umask: must be from 0 to 511 (octal 777), not 512
  hint: JSON has no octal numbers: 022 is written as 18"
}

@test "neither umask has an influence on what the runtime makes in the root" {
        config '.process.user.umask = 511 | .process.cwd = "/new/cwd" |
                .mounts += [{ "destination": "/mount/point", "type": "tmpfs", "source": "tmpfs" }]'
        run_as_member 'stat -c "%a %n" /new /new/cwd /mount /dev/null /dev/shm'
        assert_status 0
        assert_output "755 /new
755 /new/cwd
755 /mount
666 /dev/null
1777 /dev/shm"
}

# ---- standard streams

@test "standard streams that are files of the caller can be opened again by the user" {
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        config --arg script 'echo output >/proc/self/fd/1; echo error >/dev/stderr' \
                '.process.args = ["sh", "-c", $script]'
        (umask 0077 && ocirun run "$ID" </dev/null >out 2>err)
        assert_equal "$(<out) $(<err)" "output error"
        assert_equal "$(stat -c %u out) $(stat -c %u err)" "1000 1000"
        # which belongs to everybody
        assert_equal "$(stat -c %u /dev/null)" 0
}

@test "standard streams that cannot change hands are as usable as the caller made them" {
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        run_container 'echo output; read x; echo "$x"' <<<input
        assert_status 0
        assert_output "output
input"
        # a socket, as with a service manager's journal, and a file of procfs, which no chown(2) changes
        config '.process.args = ["sh", "-c", "read x; echo \"$x\"; ls -l /proc/$$/fd/1"]'
        run python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
subprocess.run(sys.argv[1:], stdin=open("/proc/sys/kernel/ostype"), stdout=theirs, check=True)
theirs.close()
print(ours.makefile().read())' "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 0
        assert_output_contains Linux
        assert_output_contains socket:
        assert_equal "$(stat -c %u /proc/sys/kernel/ostype)" 0
}
