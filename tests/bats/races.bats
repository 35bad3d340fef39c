#!/usr/bin/env bats
# Commands at the same time, and runtimes that are killed: one of them wins, and nothing is left.

load helpers

setup() {
        setup_test
        bundle web
        config '.process.args = ["tail", "-f", "/dev/null"]'
}

# Run commands of the runtime at the same time, each given as one string.  Their exit statuses, sorted, are
# $statuses, and what they print is $output.
at_once() { # COMMAND...
        local n=0 command pid one
        local -a pids=() ended=()

        for command; do
                # shellcheck disable=SC2086 # words
                "$OCIRUN" --root "$OCIRUN_ROOT" $command </dev/null >"$BATS_TEST_TMPDIR/output-$n" 2>&1 3>&- &
                pids+=($!)
                n=$((n + 1))
        done
        for pid in "${pids[@]}"; do
                one=0
                wait "$pid" || one=$?
                ended+=("$one")
        done
        output=$(cat "$BATS_TEST_TMPDIR"/output-*)
        rm "$BATS_TEST_TMPDIR"/output-*
        statuses=$(printf '%s\n' "${ended[@]}" | sort | paste -sd' ')
}

created() {
        run_detached ocirun create "$ID"
        assert_status 0
}

@test "two creates of one id" {
        for _ in {1..8}; do
                at_once "create $ID" "create $ID" "create $ID"
                assert_equal "$statuses" "0 1 1"
                refute_output_contains ENOENT
                assert_output_contains "container with given ID already exists"
                assert_equal "$(container_status)" created
                # the one that lost has taken nothing from the other: it can be started
                ocirun start "$ID"
                assert_equal "$(container_status)" running
                ocirun delete --force "$ID"
                assert_equal "$(list_debris)" ""
        done
}

@test "two starts" {
        for _ in {1..8}; do
                created
                at_once "start $ID" "start $ID"
                assert_equal "$statuses" "0 1"
                assert_output_contains "cannot start a container that is running"
                assert_equal "$(container_status)" running
                ocirun delete --force "$ID"
        done
}

@test "two deletes" {
        for _ in {1..8}; do
                created
                at_once "delete --force $ID" "delete --force $ID"
                assert_equal "$statuses" "0 0"
                assert_output ""
                created
                pid=$(container_pid)
                kill -KILL "$pid"
                wait_for_end "$pid"
                at_once "delete $ID" "delete $ID"
                assert_equal "$statuses" "0 1"
                assert_output_contains "does not exist"
        done
        assert_no_debris
}

@test "delete and start" {
        for _ in {1..8}; do
                created
                at_once "delete --force $ID" "start $ID"
                # the start came first, or found nothing
                [[ $statuses = "0 0" || $output = *"does not exist"* ]] || fail "$statuses: $output"
                run ocirun state "$ID"
                assert_status 1
        done
        assert_no_debris
}

@test "delete and create" {
        for _ in {1..8}; do
                created
                at_once "delete --force $ID" "create $ID"
                # the create came too early, or made a new one
                if [ "$statuses" = "0 0" ]; then
                        assert_equal "$(container_status)" created
                        ocirun delete --force "$ID"
                else
                        assert_output_contains "container with given ID already exists"
                fi
                assert_equal "$(list_debris)" ""
        done
}

@test "create, and all other commands" {
        for _ in {1..8}; do
                at_once "create $ID" "state $ID" "list" "start $ID" "kill $ID KILL" "delete --force $ID"
                refute_output_contains "fault"
                # no command has seen half a record
                refute_output_contains ".json"
                ocirun delete --force "$ID"
                assert_equal "$(list_debris)" ""
        done
}

@test "20 containers at once" {
        local n commands=()

        for ((n = 0; n < 20; n++)); do
                commands+=("run --bundle $BUNDLE $ID-$n")
        done
        config '.process.args = ["sh", "-c", "exit 7"]'
        at_once "${commands[@]}"
        assert_output ""
        assert_equal "$(tr ' ' '\n' <<<"$statuses" | uniq -c | xargs)" "20 7"
        assert_no_debris
}

@test "20 containers that live at once" {
        local n command commands

        for command in "create --bundle $BUNDLE" start "kill --all" "delete --force"; do
                commands=()
                for ((n = 0; n < 20; n++)); do
                        commands+=("$command $ID-$n")
                done
                at_once "${commands[@]}"
                assert_output ""
                assert_equal "$command: $(tr ' ' '\n' <<<"$statuses" | uniq -c | xargs)" "$command: 20 0"
                case $command in
                create* | start) assert_equal "$(ocirun list --quiet | wc -l)" 20 ;;
                esac
        done
        assert_no_debris
}

# Write the script again: what is to be done before COMMAND is killed, and after it was.
again() { # SCRIPT
        printf '#!/bin/sh\nset -e\nocirun() {\n\t%s --root %s "$@"\n}\n%s\n' "$OCIRUN" "$OCIRUN_ROOT" "$1" \
                >"$BATS_TEST_TMPDIR/again"
        chmod +x "$BATS_TEST_TMPDIR/again"
}

# Kill an ocirun command, or its children, after ever longer times, as long as it takes, and each time run the script
# again.  What is waited for here is not an event: that is the point.
kill_at_any_time() { # runtime|children OCIRUN-COMMAND...
        local whom=$1

        shift
        python3 - "$BATS_TEST_TMPDIR/again" "${ROUNDS:-40}" "$whom" "$OCIRUN" --root "$OCIRUN_ROOT" "$@" 3>&- <<'END'
import os, signal, subprocess, sys, time

again, rounds, whom, command = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]

def begin(argv):
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

def do(argv):
    output.truncate(0)
    if begin(argv).wait(60) != 0:
        output.seek(0)
        sys.exit(f"{argv}: {output.read()}")

def kill(process):
    if whom == "runtime":
        process.kill()
        return process.wait(60)
    try:
        for pid in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
            os.kill(int(pid), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass # it is done
    return process.wait(60)

# no pipe: containers keep what they are given
output = open("output", "w+")
do([again])
began = time.monotonic()
do(command)
took = time.monotonic() - began
n = 0
for i in range(rounds):
    do([again])
    process = begin(command)
    try:
        process.wait(took * 1.2 * i / rounds)
    except subprocess.TimeoutExpired:
        n += kill(process) != 0
do([again])
if n == 0:
    sys.exit("it was never killed in the middle")
END
}

@test "a create that is killed at any time, and delete --force" {
        again "ocirun delete --force $ID"
        kill_at_any_time runtime create "$ID"
        assert_no_debris
}

@test "a create that is killed at any time, and another one" {
        # what was complete is not the next one's to take away
        again "ocirun create $ID >out 2>&1 || grep -q 'given ID already exists' out
                ocirun state $ID >out
                ocirun delete --force $ID"
        kill_at_any_time runtime create "$ID"
        assert_no_debris
}

@test "a create whose init is killed at any time" {
        # either nothing is left, or it is complete, and stopped
        again "ocirun state $ID >out 2>&1 || grep -q 'does not exist' out
                ocirun delete $ID >out 2>&1 || grep -Eq 'does not exist|that is not stopped: created' out
                ocirun delete --force $ID"
        kill_at_any_time children create "$ID"
        assert_no_debris
}

@test "a run that is killed at any time" {
        config '.process.args = ["true"]'
        again "ocirun delete --force $ID"
        kill_at_any_time runtime run "$ID"
        assert_no_debris
}

@test "a start that is killed at any time" {
        again "ocirun delete --force $ID; ocirun create $ID"
        kill_at_any_time runtime start "$ID"
        ocirun delete --force "$ID"
        assert_no_debris
}

@test "a delete that is killed at any time, and another one" {
        again "ocirun delete --force $ID; ocirun create $ID"
        kill_at_any_time runtime delete --force "$ID"
        ocirun delete --force "$ID"
        assert_no_debris
}
