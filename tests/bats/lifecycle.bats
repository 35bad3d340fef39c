#!/usr/bin/env bats
# What each operation does in each state of a container: runtime.md, State, Lifecycle and Operations.

load helpers

setup() {
        setup_test
        bundle web
        # it says on a fifo that it runs
        config '.process.args = ["sh", "-c", "trap \"exit 3\" TERM; echo >/started; tail -f /dev/null & wait"]'
        mkfifo rootfs/started
}

create() {
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 0
}

start() {
        ocirun start "$ID"
        timeout 10 cat rootfs/started >/dev/null
}

# A container that has ended, and was not deleted.
make_stopped() {
        local pid

        create
        pid=$(container_pid)
        ocirun kill "$ID" KILL
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
}

# One that is being created: its create waits in a hook until end_creating.
begin_creating() {
        mkfifo "$BUNDLE/in-hook" "$BUNDLE/go-on"
        config --arg in "$BUNDLE/in-hook" --arg on "$BUNDLE/go-on" '.hooks.prestart = [
                { path: "/bin/sh", args: ["sh", "-c", "echo >\($in); read x <\($on)"] }]'
        ocirun create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/creating" 2>&1 3>&- &
        creator=$!
        timeout 10 cat "$BUNDLE/in-hook"
}

end_creating() {
        echo >"$BUNDLE/go-on"
        wait $creator
}

# ---- state

@test "state has the specification's properties" {
        config '.annotations = { "a.b": "c", "empty": "" }'
        cd /
        run_detached ocirun create --bundle "$(realpath --relative-to=/ "$BUNDLE")" "$ID"
        assert_status 0
        run ocirun state "$ID"
        assert_status 0
        # "When serialized in JSON, the format MUST adhere to the JSON Schema": its types, and what it requires
        jq -e '(.ociVersion | type == "string" and test("^[0-9]+\\.[0-9]+\\.[0-9]+")) and
                (.id | type == "string") and (.status | IN("creating", "created", "running", "stopped")) and
                (.pid | type == "number" and . > 0) and (.bundle | type == "string" and startswith("/")) and
                (.annotations | type == "object" and all(type == "string"))' <<<"$output" ||
                fail "not the schema's: $output"
        # "bundle (string, REQUIRED) is the absolute path to the container's bundle directory"
        assert_equal "$(jq -c '[.ociVersion, .id, .status, .bundle, .annotations]' <<<"$output")" \
                "[\"1.3.0\",\"$ID\",\"created\",\"$BUNDLE\",{\"a.b\":\"c\",\"empty\":\"\"}]"
        # what engines know from runc besides
        assert_equal "$(jq -r .rootfs <<<"$output")" "$BUNDLE/rootfs"
        assert_equal "$(jq -r .owner <<<"$output")" ""
        date --date="$(jq -r .created <<<"$output")" >/dev/null
        # the pid is the container process: init of the container's pid namespace
        assert_equal "$(awk '$1 == "NSpid:" { print $3 }' "/proc/$(jq .pid <<<"$output")/status")" 1
}

@test "annotations that were not provided" {
        create
        # "If no annotations were provided then this property MAY either be absent or an empty map."
        run ocirun state "$ID"
        assert_equal "$(jq -c '.annotations // {}' <<<"$output")" '{}'
}

@test "the status goes from creating to created, running and stopped" {
        begin_creating
        assert_equal "$(container_status)" creating
        # "REQUIRED when status is created or running", and known by now
        assert_exists "/proc/$(container_pid)"
        assert_equal "$(ocirun list --format json | jq -r '.[].status')" creating
        end_creating

        assert_equal "$(container_status)" created
        pid=$(container_pid)
        # "the container process has neither exited nor executed the user-specified program"
        assert_equal "$(readlink "/proc/$pid/exe" | grep -c busybox)" 0
        assert_equal "$(ocirun list --format json | jq -r '.[].status')" created

        ocirun start "$ID"
        # "the container process has executed the user-specified program but has not exited"
        assert_equal "$(container_status)" running
        assert_equal "$(container_pid)" "$pid"
        assert_equal "$(readlink "/proc/$pid/exe")" /bin/busybox
        assert_equal "$(ocirun list --format json | jq -r '.[].status')" running

        ocirun kill "$ID" KILL
        wait_for_end "$pid"
        # "the container process has exited"
        assert_equal "$(container_status)" stopped
        assert_equal "$(container_pid)" 0
        assert_equal "$(ocirun list --format json | jq -r '.[].status')" stopped
}

@test "a container whose process nobody has reaped is stopped" {
        # its parent adopts it, and does not wait for it
        mkfifo created end
        python3 - created end "$OCIRUN" --root "$OCIRUN_ROOT" create --bundle "$BUNDLE" "$ID" 3>&- <<'END' &
import ctypes, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
subprocess.run(sys.argv[3:], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
open(sys.argv[1], "w").close()
open(sys.argv[2]).read()
END
        timeout 10 cat created
        pid=$(container_pid)
        ocirun kill "$ID" KILL
        wait_for_end "$pid"
        assert_equal "$(awk '$1 == "State:" { print $2 }' "/proc/$pid/status")" Z
        assert_equal "$(container_status)" stopped
        run ocirun kill "$ID" KILL
        assert_status 1
        assert_output "ocirun: kill $ID: container not running"
        run ocirun delete "$ID"
        assert_status 0
        timeout 10 sh -c 'echo >end'
        wait $!
}

# ---- operations on what is not in the right state

@test "a container that does not exist" {
        local operation
        # "Attempting to query a container that does not exist MUST generate an error", and so for the others
        for operation in state start kill delete; do
                run ocirun $operation "$ID"
                assert_status 1
                assert_output "ocirun: $operation $ID: container \"$ID\" does not exist"
        done
        # engines delete what may be gone already
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
        # ... also where no container was ever made
        rmdir "$OCIRUN_ROOT"
        run ocirun state "$ID"
        assert_status 1
        assert_output "ocirun: state $ID: container \"$ID\" does not exist"
        run ocirun delete --force "$ID"
        assert_status 0
        refute_exists "$OCIRUN_ROOT"
}

@test "without a container's id" {
        local operation
        # "This operation MUST generate an error if it is not provided the container ID."
        for operation in state create start kill delete; do
                run ocirun $operation
                assert_status 1
                assert_output_contains "$operation"
        done
        assert_equal "$(ocirun list --quiet)" ""
}

@test "a container that is being created" {
        begin_creating
        run ocirun kill "$ID" KILL
        # "Attempting to send a signal to a container that is neither created nor running MUST have no effect on the
        # container and MUST generate an error."
        assert_status 1
        assert_output "ocirun: kill $ID: the container is still being created"
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "create $ID: container with given ID already exists"
        # these wait for the create
        ocirun start "$ID" 3>&- &
        starter=$!
        end_creating
        wait $starter
        assert_equal "$(container_status)" running
}

@test "a created container" {
        create
        pid=$(container_pid)
        run ocirun delete "$ID"
        # "Attempting to delete a container that is not stopped MUST have no effect on the container and MUST generate
        # an error."
        assert_status 1
        assert_output_contains "delete $ID: cannot delete container $ID that is not stopped: created"
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "create $ID: container with given ID already exists"
        assert_equal "$(container_status) $(container_pid)" "created $pid"
        # runtime.md, Kill: "created" is one of the two
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
}

@test "a running container" {
        create
        pid=$(container_pid)
        ocirun start "$ID"
        run ocirun start "$ID"
        # "Attempting to start a container that is not created MUST have no effect on the container and MUST generate an
        # error."
        assert_status 1
        assert_output "ocirun: start $ID: cannot start a container that is running"
        run ocirun delete "$ID"
        assert_status 1
        assert_output_contains "delete $ID: cannot delete container $ID that is not stopped: running"
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "create $ID: container with given ID already exists"
        assert_equal "$(container_status) $(container_pid)" "running $pid"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_no_debris
}

@test "a stopped container" {
        make_stopped
        run ocirun kill "$ID" KILL
        # "Attempting to send a signal to a container that is neither created nor running MUST [...] generate an error."
        assert_status 1
        assert_output "ocirun: kill $ID: container not running"
        run ocirun start "$ID"
        assert_status 1
        assert_output "ocirun: start $ID: cannot start a container that is stopped"
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "create $ID: container with given ID already exists"
        assert_equal "$(container_status)" stopped
        # "Deleting a container MUST delete the resources that were created during the create step."
        run ocirun delete "$ID"
        assert_status 0
        assert_output ""
        assert_no_debris
        # "Once a container is deleted its ID MAY be used by a subsequent container."
        create
        assert_equal "$(container_status)" created
}

@test "delete leaves what create did not make" {
        create
        find "$BUNDLE" | sort >"$BATS_TEST_TMPDIR/before"
        run ocirun delete --force "$ID"
        assert_status 0
        # "resources associated with the container, but not created by this container, MUST NOT be deleted"
        find "$BUNDLE" | sort | diff "$BATS_TEST_TMPDIR/before" - >&2
}

# ---- create and start

@test "without process, or its args, create works and start does not" {
        local change
        for change in 'del(.process)' 'del(.process.args)'; do
                cp config.json config.json.whole
                config "$change"
                create
                assert_equal "$(container_status)" created
                run ocirun start "$ID"
                # "This operation MUST generate an error if process was not set."
                assert_status 1
                assert_output_contains "start $ID: config.json: process.args: is required to start a container"
                assert_equal "$(container_status)" created
                ocirun delete --force "$ID"
                mv config.json.whole config.json
        done
}

@test "changes of config.json after create have no effect" {
        config '.hooks.poststop = [{ path: "/bin/sh", args: ["sh", "-c", "echo >'"$BUNDLE"'/poststop"] }] |
                .process.args = ["sh", "-c", "echo $A $(hostname) >/started; exec tail -f /dev/null"] |
                .process.env += ["A=before"]'
        create
        # "Any changes made to the config.json file after this operation will not have an effect on the container."
        config '.hooks = {} | .process.args = ["false"] | .process.env = [] | .hostname = "after" | .annotations.a = "b"'
        ocirun start "$ID"
        line=$(timeout 10 cat rootfs/started)
        assert_equal "$line" "before test"
        run ocirun state "$ID"
        assert_equal "$(jq -c '.annotations // {}' <<<"$output")" '{}'
        rm config.json
        run ocirun delete --force "$ID"
        assert_status 0
        assert_exists poststop
}

@test "create --config" {
        jq '.hostname = "other"' config.json >other.json
        rm config.json
        run_detached ocirun create --config other.json --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_equal "$(nsenter --uts="/proc/$(container_pid)/ns/uts" hostname)" other
}

@test "a start that fails reports why, and the container is stopped" {
        # create has found it, and has it open; but the interpreter is gone by then
        cp rootfs/bin/busybox rootfs/bin/interpreter
        printf '#!/bin/interpreter sh\n' >rootfs/bin/program
        chmod +x rootfs/bin/program
        config '.process.args = ["program"]'
        create
        rm rootfs/bin/interpreter
        run ocirun start "$ID"
        assert_status 1
        assert_output_contains "start $ID: config.json: process"
        assert_output_contains "no such file or directory"
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
}

# ---- ids

@test "ids" {
        local id
        # "is not valid in any other way, the implementation MUST generate an error and a new container MUST NOT be created"
        for id in "" . .. .a a/b ../a "a b" a: é "a
b" "$(printf '%0300d' 0)"; do
                run_detached ocirun create --bundle "$BUNDLE" -- "$id"
                assert_status 1
                assert_output_contains "container id"
                run ocirun state -- "$id"
                assert_status 1
                assert_output_contains "container id"
        done
        assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
        # as runc: letters, digits and these
        for id in "_$ID" "$ID+x.y-Z" "$ID..a" "$ID$(printf '%0200d' 0)"; do
                run_detached ocirun create --bundle "$BUNDLE" "$id"
                assert_status 0
                assert_equal "$(ocirun state "$id" | jq -r .id)" "$id"
                ocirun delete --force "$id"
        done
}

# ---- kill

@test "kill sends the signal that it is given, by name or number" {
        local signal
        config '.process.args[2] = "for s in HUP USR1 USR2 ALRM 34 WINCH; do trap \"echo $s >/got\" $s; done
                mkfifo got; echo >/started; tail -f /dev/null & while :; do wait; done"'
        create
        start
        # runtime.md, Kill: "This operation MUST send the specified signal to the container process."
        for signal in HUP:HUP SIGUSR1:USR1 sigusr2:USR2 14:ALRM RTMIN:34 28:WINCH; do
                run ocirun kill "$ID" "${signal%:*}"
                assert_status 0
                got=$(timeout 10 cat rootfs/got)
                assert_equal "$got" "${signal#*:}"
        done
        # 0 only asks whether there is a process to signal
        run ocirun kill "$ID" 0
        assert_status 0
        run ocirun kill "$ID" NOSUCH
        assert_status 1
        assert_output_contains 'unknown signal "NOSUCH"'
        assert_equal "$(container_status)" running
}

@test "kill sends TERM when it is given no signal" {
        create
        start
        pid=$(container_pid)
        run ocirun kill "$ID"
        assert_status 0
        wait_for_end "$pid"
}

# Start a container without a pid namespace whose init has ended and left two processes, one in a cgroup of its
# own below the container's; $left are their pids.
leave_processes() { # SCRIPT-OF-INIT
        config '.linux.namespaces |= map(select(.type != "pid")) |
                .process.args = ["sh", "-c", "mkfifo /go; tail -f /dev/null & tail -f /dev/null & echo >/started; read x </go; '"$1"'"]'
        create
        start
        init=$(container_pid)
        cgroup=$(findmnt -n --first-only --types cgroup2 -o TARGET)/ocirun-$ID
        assert_equal "$(wc -l <"$cgroup/cgroup.procs")" 3
        mapfile -t left < <(grep -vx "$init" "$cgroup/cgroup.procs")
        mkdir "$cgroup/inner"
        echo "${left[0]}" >"$cgroup/inner/cgroup.procs"
        echo >rootfs/go
}

wait_for_left() {
        local pid
        for pid in "${left[@]}"; do
                wait_for_end "$pid"
        done
}

@test "kill without a signal sends the one that the image asks for" {
        config '.process.args[2] = "for s in TERM QUIT; do trap \"echo $s >/got\" $s; done
                mkfifo got; echo >/started; tail -f /dev/null & while :; do wait; done"'
        # config.md, Annotations: "org.opencontainers.image.stopSignal: Indicates signal that SHOULD be sent by the
        # container runtimes to kill the container."
        for row in SIGQUIT:QUIT :TERM; do
                config --arg signal "${row%:*}" '.annotations = { "org.opencontainers.image.stopSignal": $signal }'
                rm -f rootfs/got
                create
                start
                run ocirun kill "$ID"
                assert_status 0
                got=$(timeout 10 cat rootfs/got)
                assert_equal "$got" "${row#*:}"
                # one that is given counts more
                ocirun kill "$ID" TERM
                assert_equal "$(timeout 10 cat rootfs/got)" TERM
                ocirun delete --force "$ID"
        done
        config '.annotations["org.opencontainers.image.stopSignal"] = "SIGNOSUCH"'
        create
        run ocirun kill "$ID"
        assert_status 1
        assert_output_contains "kill $ID: annotation org.opencontainers.image.stopSignal: unknown signal \"SIGNOSUCH\""
        assert_equal "$(container_status)" created
}

@test "kill --all signals every process of the container" {
        leave_processes 'trap \"\" TERM; echo >/started; exec tail -f /dev/null'
        timeout 10 cat rootfs/started
        run ocirun kill --all "$ID" TERM
        assert_status 0
        wait_for_left
        # init ignores it
        assert_equal "$(container_status)" running
        run ocirun kill --all "$ID" KILL
        assert_status 0
        wait_for_end "$init"
}

@test "kill --all of a container whose init has ended" {
        leave_processes 'exit 0'
        wait_for_end "$init"
        assert_equal "$(container_status)" stopped
        assert_exists "/proc/${left[0]}"
        # engines end with it what a container without a pid namespace has left
        run ocirun kill --all "$ID" KILL
        assert_status 0
        wait_for_left
}

@test "kill KILL without a pid namespace ends all processes" {
        leave_processes 'tail -f /dev/null'
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$init"
        wait_for_left
}

@test "kill KILL without a pid namespace ends what init has left" {
        leave_processes 'exit 0'
        wait_for_end "$init"
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_left
        run ocirun kill "$ID" KILL
        assert_status 1
        assert_output "ocirun: kill $ID: container not running"
}

@test "kill of another signal without a pid namespace is for init alone" {
        leave_processes 'exit 0'
        wait_for_end "$init"
        run ocirun kill "$ID" TERM
        assert_status 1
        assert_output "ocirun: kill $ID: container not running"
        assert_exists "/proc/${left[1]}"
        # delete ends them
        run ocirun delete "$ID"
        assert_status 0
        wait_for_left
}

# ---- the state directory

@test "a process that only has the number of the container's is left alone" {
        make_stopped
        sleep 1000 3>&- &
        # as if the number had come to this one
        jq --argjson pid $! '.state.pid = $pid' "$OCIRUN_ROOT/$ID/state.json" >new
        mv new "$OCIRUN_ROOT/$ID/state.json"
        assert_equal "$(container_status)" stopped
        run ocirun kill "$ID" KILL
        assert_status 1
        assert_output "ocirun: kill $ID: container not running"
        run ocirun delete --force "$ID"
        assert_status 0
        kill -KILL $!
        wait_for_end $!
}

@test "what is in --root besides containers is not one" {
        create
        touch "$OCIRUN_ROOT/a-file" "$OCIRUN_ROOT/.hidden"
        mkdir "$OCIRUN_ROOT/directory" "$OCIRUN_ROOT/not an id"
        run ocirun list --quiet
        assert_status 0
        assert_output "$ID"
        run ocirun state a-file
        assert_status 1
        assert_output_contains "open the state directory of a-file: not a directory (ENOTDIR)"
        run ocirun state directory
        assert_status 1
        assert_output_contains "still being created, or its create was killed"
        # an empty directory is what a create leaves that was killed at once
        run ocirun delete --force directory
        assert_status 0
        rm -r "$OCIRUN_ROOT/a-file" "$OCIRUN_ROOT/.hidden" "$OCIRUN_ROOT/not an id"
        refute_exists "$OCIRUN_ROOT/directory"
}

@test "a record that cannot be understood is an error, and changes nothing" {
        local record="$OCIRUN_ROOT/$ID/state.json" operation content
        make_stopped
        mv "$record" good
        for content in '' '{' '[]' '{"version":1}' "$(jq -c '.version = 2' good)" "$(jq -c '.state.pid = "1"' good)"; do
                printf %s "$content" >"$record"
                for operation in state start kill delete "delete --force"; do
                        # shellcheck disable=SC2086 # two words
                        run ocirun $operation "$ID"
                        assert_status 1
                        assert_output_contains "state.json: "
                done
                run ocirun list
                assert_status 0
                assert_output_contains "warning: $ID: state.json: "
                assert_equal "$(<"$record")" "$content"
        done
        assert_output_contains 'state.json: state.pid: '
        mv good "$record"
        assert_equal "$(container_status)" stopped
}

@test "a record of another version" {
        make_stopped
        jq '.version = 2' "$OCIRUN_ROOT/$ID/state.json" >new
        mv "$OCIRUN_ROOT/$ID/state.json" good
        mv new "$OCIRUN_ROOT/$ID/state.json"
        run ocirun delete "$ID"
        assert_status 1
        assert_output "ocirun: delete $ID: state.json: version 2, and this ocirun knows 1"
        mv good "$OCIRUN_ROOT/$ID/state.json"
        run ocirun delete "$ID"
        assert_status 0
}

@test "what somebody else put into the state directory is not deleted" {
        make_stopped
        touch "$OCIRUN_ROOT/$ID/theirs"
        run ocirun delete "$ID"
        assert_status 1
        assert_output_contains "remove the state directory of $ID: directory not empty (ENOTEMPTY)"
        assert_exists "$OCIRUN_ROOT/$ID/theirs"
        # once it is gone, so is the container
        rm "$OCIRUN_ROOT/$ID/theirs"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_no_debris
}
