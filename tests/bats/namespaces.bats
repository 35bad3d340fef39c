#!/usr/bin/env bats
# Namespaces: made, inherited, joined by path, and what cannot be joined (config-linux.md, Namespaces).

load helpers

# Type in config.json and file in /proc/PID/ns.
kinds="cgroup:cgroup ipc:ipc mount:mnt network:net pid:pid time:time user:user uts:uts"

map_ids() {
        config '.linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 65536 }]
                | .linux.gidMappings = .linux.uidMappings'
}

namespace_of() { # PID FILE
        readlink "/proc/$1/ns/$2"
}

# The namespace of $kind has this path.
join() { # TYPE PATH
        config --arg type "$1" --arg path "$2" '.linux.namespaces |=
                map(select(.type != $type)) + [{ "type": $type, "path": $path }]'
}

# A process in new namespaces, as unshare's options say, until the test ends: its pid is $holder.
hold() {
        mkfifo ready
        unshare "$@" sh -c 'echo >ready; exec sleep 1000' 3>&- &
        holder=$!
        read -r <ready
        rm ready
}

# With --fork the child is what is in a new pid namespace.
child_of() {
        tr -d ' ' <"/proc/$1/task/$1/children"
}

teardown() {
        [ -z "${holder:-}" ] || kill -KILL "$(child_of "$holder")" "$holder" 2>/dev/null || :
        teardown_test
}

# The last run was refused with these texts, and nothing is there of the container.
assert_refused() {
        local text

        assert_status 1
        for text; do
                assert_output_contains "$text"
        done
        assert_no_debris
}

# ---- new and inherited

# config-linux.md, Namespaces: "If path is not specified, the runtime MUST create a new container namespace
# of type type."
@test "a namespace without a path is new, of each kind" {
        needs root userns
        bundle web
        map_ids
        config '.linux.namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
                | .linux.namespaces |= map({ "type": . })'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        for kind in $kinds; do
                namespace=$(namespace_of "$pid" "${kind#*:}")
                [ -n "$namespace" ]
                [ "$namespace" != "$(namespace_of self "${kind#*:}")" ] || fail "${kind%:*} is the runtime's"
        done
}

# An empty path is that of an engine that always writes the property.
@test "an empty path is none" {
        bundle web
        join ipc ""
        run_container 'readlink /proc/self/ns/ipc'
        assert_status 0
        [ "$output" != "$(namespace_of self ipc)" ]
}

# "If a namespace type is not specified in the namespaces array, the container MUST inherit the runtime
# namespace of that type."
@test "a namespace that is not listed is the runtime's, of each kind" {
        needs root
        bundle web
        config '.linux.namespaces = [{ "type": "mount" }] | del(.hostname)'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        for kind in $kinds; do
                [ "$kind" != mount:mnt ] || continue
                assert_equal "$(namespace_of "$pid" "${kind#*:}")" "$(namespace_of self "${kind#*:}")"
        done
        [ "$(namespace_of "$pid" mnt)" != "$(namespace_of self mnt)" ]
}

@test "without the object linux all but the mount namespace are new to nobody" {
        needs root
        bundle web
        config 'del(.linux, .hostname) | del(.mounts[] | select(.destination != "/proc"))'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        for kind in $kinds; do
                assert_equal "$(namespace_of "$pid" "${kind#*:}")" "$(namespace_of self "${kind#*:}")"
        done
}

# "processes inside the container will only be able to see other processes inside the same container"; "the
# container will have its own network stack" and so on.
@test "what new namespaces isolate" {
        needs root
        bundle web
        run_container 'echo $$; echo /proc/[0-9]*; grep -c : /proc/net/dev; hostname inside; hostname; cat /proc/self/cgroup'
        assert_status 0
        assert_equal "${lines[*]:0:2}" "1 /proc/1"
        # the loopback device only, and it is up
        assert_equal "${lines[2]}" 1
        [ "$(hostname)" != inside ]
        refute_output_contains "$ID"
}

@test "the loopback device of a new network namespace is up" {
        bundle web
        run_container 'ping -c 1 -W 1 127.0.0.1 >/dev/null && echo up; ip -o link'
        assert_output_contains "LOOPBACK,UP"
}

# ---- no mount namespace

mounts_of_bundle() {
        grep -c " $BUNDLE/" /proc/self/mountinfo
}

@test "without a mount namespace the container works, and delete unmounts what it mounted" {
        needs root
        bundle web
        config '.linux.namespaces |= map(select(.type != "mount"))'
        run_container 'ls / | sort | paste -sd" "; cat /proc/1/comm; readlink /proc/self/ns/mnt; test -c /dev/null'
        assert_status 0
        assert_equal "${lines[0]}" "bin dev etc proc root sys tmp var"
        assert_equal "${lines[2]}" "$(namespace_of self mnt)"
        assert_equal "$(mounts_of_bundle)" 0

        run_detached ocirun create "$ID"
        assert_status 0
        [ "$(mounts_of_bundle)" -gt 6 ]
        run ocirun delete --force "$ID"
        assert_status 0
        assert_equal "$(mounts_of_bundle)" 0
}

@test "without a mount namespace a create that fails leaves no mounts" {
        needs root
        bundle web
        config '.linux.namespaces |= map(select(.type != "mount")) | .process.args = ["/no/such/program"]'
        run_detached ocirun create "$ID"
        assert_refused "/no/such/program"
        assert_equal "$(mounts_of_bundle)" 0
        config '.process.args = ["true"] | .mounts += [{ "destination": "/x", "type": "no-such-type", "source": "x" }]'
        run_detached ocirun create "$ID"
        assert_refused "mounts[6].type"
        assert_equal "$(mounts_of_bundle)" 0
}

# ---- joined

# "The runtime MUST place the container process in the namespace associated with that path."
@test "namespaces of a container are joined, of each kind but the mount and user namespaces" {
        needs root
        bundle web
        config '.linux.namespaces += [{ "type": "time" }]'
        run_detached ocirun create "$ID"
        assert_status 0
        first=$(container_pid)

        for kind in $kinds; do
                case $kind in
                mount:* | user:*) ;;
                *) join "${kind%:*}" "/proc/$first/ns/${kind#*:}" ;;
                esac
        done
        run_detached ocirun create "$ID-2"
        assert_status 0
        second=$(container_pid "$ID-2")
        for kind in $kinds; do
                [ "$kind" != mount:mnt ] || continue
                assert_equal "$(namespace_of "$second" "${kind#*:}")" "$(namespace_of "$first" "${kind#*:}")"
        done
        [ "$(namespace_of "$second" mnt)" != "$(namespace_of "$first" mnt)" ]
        # it is process 2 there, and the runtime knows it by the host's number
        assert_equal "$(awk '$1 == "NSpid:" { print $NF }' "/proc/$second/status")" 2

        # the end of a pid namespace's process 1 ends all processes in it
        run ocirun kill "$ID" KILL
        wait_for_end "$second"
        assert_equal "$(container_status "$ID-2")" stopped
}

@test "the runtime stays where it was when it joins for a container" {
        needs root
        bundle web
        hold --uts --ipc --net --cgroup
        for kind in ipc:ipc network:net uts:uts cgroup:cgroup; do
                join "${kind%:*}" "/proc/$holder/ns/${kind#*:}"
        done
        # a hook of the runtime namespace runs in it
        config --arg out "$BATS_TEST_TMPDIR/hook" '.hooks.createRuntime = [{ "path": "/bin/sh",
                "args": ["sh", "-c", "for n in ipc net uts cgroup; do readlink /proc/self/ns/$n; done >" + $out] }]'
        run_container 'for n in ipc net uts cgroup; do readlink /proc/self/ns/$n; done'
        assert_status 0
        assert_output "$(for n in ipc net uts cgroup; do namespace_of "$holder" "$n"; done)"
        assert_equal "$(cat "$BATS_TEST_TMPDIR/hook")" "$(for n in ipc net uts cgroup; do namespace_of self "$n"; done)"
}

@test "a network namespace of ip netns is joined" {
        needs root netdev:bridge
        bundle web
        ip netns add "$ID"
        ip -n "$ID" link add test0 type bridge
        join network "/run/netns/$ID"
        run_container 'ip -o link; readlink /proc/self/ns/net'
        ip netns delete "$ID"
        assert_status 0
        assert_output_contains "test0"
}

@test "a pid namespace of unshare is joined, and its process 1 is not the container's" {
        needs root
        bundle web
        hold --pid --fork --mount-proc
        join pid "/proc/$holder/ns/pid_for_children"
        run_container 'cat /proc/1/cmdline | tr "\0" " "; echo; echo $$'
        assert_status 0
        assert_equal "${lines[0]}" "sleep 1000 "
        [ "${lines[1]}" -gt 1 ]
        kill -0 "$holder"
}

@test "the pid of a container in a joined pid namespace is the host's in state and in the pid file" {
        needs root
        bundle web
        hold --pid --fork
        join pid "/proc/$holder/ns/pid_for_children"
        run_detached ocirun create --pid-file pid "$ID"
        assert_status 0
        assert_equal "$(cat pid)" "$(container_pid)"
        assert_equal "$(namespace_of "$(cat pid)" pid)" "$(namespace_of "$(child_of "$holder")" pid)"
}

@test "a bind mount of a namespace is a path to join" {
        needs root
        bundle web
        touch "$BATS_TEST_TMPDIR/uts"
        unshare --uts="$BATS_TEST_TMPDIR/uts" hostname bound
        join uts "$BATS_TEST_TMPDIR/uts"
        config 'del(.hostname)'
        run_container hostname
        umount "$BATS_TEST_TMPDIR/uts"
        assert_status 0
        assert_output bound
}

# ---- what cannot be joined

# "The runtime MUST generate an error if path is not associated with a namespace of type type."
@test "a namespace of another kind is refused, of each kind" {
        bundle web
        config 'del(.hostname)'
        for kind in $kinds; do
                wrong=uts
                [ "$kind" != uts:uts ] || wrong=ipc
                config --arg type "${kind%:*}" --arg path "/proc/self/ns/$wrong" '.linux.namespaces =
                        [{ "type": (if $type == "cgroup" then "pid" else "cgroup" end) }, { "type": $type, "path": $path }]'
                run_detached ocirun create "$ID"
                assert_refused "linux.namespaces[1].path" \
                        "/proc/self/ns/$wrong is a $wrong namespace, not a ${kind%:*} namespace"
        done
}

@test "a path that is no namespace is refused" {
        bundle web
        config 'del(.hostname)'
        mkfifo fifo
        touch file
        ln -s loop loop
        for case in "$PWD/fifo:is no namespace" "$PWD/file:is no namespace" "$PWD:is no namespace" \
                "/dev/null:is no namespace" "/proc/self/maps:is no namespace" \
                "$PWD/loop:too many levels of symbolic links (ELOOP)" \
                "$PWD/missing:no such file or directory (ENOENT)" "$PWD/file/x:not a directory (ENOTDIR)" \
                "relative:must be an absolute path, not \"relative\""; do
                config --arg path "${case%%:*}" '.linux.namespaces = [{ "type": "pid" }, { "type": "network", "path": $path }]'
                run_detached timeout 10 "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
                assert_refused "config.json: linux.namespaces[1].path: " "${case%%:*}" "${case#*:}"
        done
}

# A pid namespace whose process 1 has ended takes no new process, and what has no /proc/PID has no path.
@test "a namespace of a process that has ended is refused" {
        needs root
        bundle web
        sh -c : &
        wait $!
        join network "/proc/$!/ns/net"
        run_detached ocirun create "$ID"
        assert_refused "].path: " "/proc/$!/ns/net" "no such file or directory"
}

@test "a pid namespace whose process 1 has ended is refused" {
        needs root
        bundle web
        touch "$BATS_TEST_TMPDIR/pid"
        unshare --pid="$BATS_TEST_TMPDIR/pid" --fork true
        join pid "$BATS_TEST_TMPDIR/pid"
        run_detached ocirun create "$ID"
        umount "$BATS_TEST_TMPDIR/pid"
        assert_refused "clone init"
}

# "If a namespaces field contains duplicated namespaces with same type, the runtime MUST generate an error."
@test "a type that is listed twice is refused, new or joined" {
        bundle web
        for kind in $kinds; do
                for paths in "new new" "new join" "join new" "join join"; do
                        config --arg type "${kind%:*}" --arg file "${kind#*:}" --arg paths "$paths" '.linux.namespaces =
                                [$paths | split(" ")[] | { "type": $type } +
                                 if . == "join" then { "path": ("/proc/self/ns/" + $file) } else {} end]'
                        run_detached ocirun create "$ID"
                        assert_status 1
                        assert_output_contains \
                                "config.json: linux.namespaces[1].type: there is already a namespace of type ${kind%:*}"
                done
        done
        assert_no_debris
}

@test "a type that the specification does not know is refused" {
        bundle web
        for type in net mnt PID pid_for_children ""; do
                config --arg type "$type" '.linux.namespaces = [{ "type": $type }]'
                run_detached ocirun create "$ID"
                assert_refused "linux.namespaces[0].type" "\"$type\""
        done
        config '.linux.namespaces = [{ "path": "/proc/self/ns/net" }]'
        run_detached ocirun create "$ID"
        assert_refused "linux.namespaces[0].type"
}

@test "a hostname or domain name does not reach the runtime's uts namespace" {
        bundle web
        config '.linux.namespaces |= map(select(.type != "uts")) | .hostname = "intruder"'
        before=$(hostname)
        run_detached ocirun create "$ID"
        assert_refused "hostname"
        assert_equal "$(hostname)" "$before"
}
