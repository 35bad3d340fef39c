#!/usr/bin/env bats
# `run`: a container in the foreground, as a shell's command, and --detach and --keep.

load helpers

setup() {
        setup_test
        bundle web
}

# Run in the background with its output in $BATS_TEST_TMPDIR/output; $runner is its pid.  The script says that it is
# ready on a fifo.  A shell ignores INT and QUIT for what it runs so; hence $its_signals, an option of env(1).
run_in_background() { # SCRIPT [OPTION...]
        mkfifo rootfs/ready
        config --arg script "$1" '.process.args = ["sh", "-c", $script]'
        shift
        env "${its_signals:---default-signal}" "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$@" "$ID" \
                </dev/null >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
        runner=$!
        timeout 10 cat rootfs/ready >/dev/null
}

# The runner's exit status becomes that of the last `run`.
wait_for_runner() {
        status=0
        wait_for_end "$runner"
        wait "$runner" || status=$?
        output=$(<"$BATS_TEST_TMPDIR/output")
}

# ---- exit status

@test "the exit status is the program's" {
        local expected
        for expected in 0 1 125 126 127 255; do
                config --arg script "exit $expected" '.process.args = ["sh", "-c", $script]'
                # not with `run`, which warns of 127
                status=0
                output=$(ocirun run "$ID" 2>&1) || status=$?
                assert_status $expected
                assert_output ""
        done
}

@test "a program that a signal ended: 128 and its number" {
        local signal
        # no handler is needed: a pid namespace's init is only immune to signals from inside it
        config '.linux.namespaces |= map(select(.type != "pid"))'
        for signal in HUP:129 ABRT:134 KILL:137 SEGV:139 TERM:143 34:162; do
                run_container "kill -${signal%:*} \$\$"
                assert_status "${signal#*:}"
                assert_output ""
        done
}

@test "a container that is killed from outside" {
        run_in_background 'echo >/ready; exec tail -f /dev/null'
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_runner
        assert_status 137
        assert_output ""
        assert_no_debris
}

@test "a container that somebody else deletes" {
        run_in_background 'echo >/ready; exec tail -f /dev/null'
        run ocirun delete --force "$ID"
        assert_status 0
        wait_for_runner
        assert_status 137
        assert_output ""
}

@test "a program that cannot be found, or executed, is exit status 1, and nothing is left" {
        config '.process.args = ["nowhere"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "run $ID: config.json: process.args[0]: "
        assert_output_contains "nowhere"
        assert_no_debris
}

# ---- input and output

@test "input and output are the caller's own" {
        config '.process.args = ["sh", "-c", "cat; echo error >&2; stat -L -c %d:%i /proc/self/fd/0 /proc/self/fd/1"]'
        echo input >in
        ocirun run --bundle "$BUNDLE" "$ID" <in >out 2>err
        assert_equal "$(paste -sd' ' out)" "input $(stat -c %d:%i in out | paste -sd' ')"
        assert_equal "$(<err)" error
}

@test "output that nobody reads ends the program, not the runtime" {
        config '.process.args = ["sh", "-c", "yes; echo $? >&2"]'
        ocirun run --bundle "$BUNDLE" "$ID" 2>err | head -n 1 >out
        assert_equal "$(<out)" y
        # as the shell says it: ended by SIGPIPE, or by an error of write(2)
        [[ $(tail -n 1 err) =~ ^(141|1)$ ]] || fail "$(<err)"
        assert_no_debris
}

# ---- signals

@test "signals to run are the container's" {
        local signal
        run_in_background 'for s in HUP INT QUIT USR1 USR2 ALRM TERM WINCH CONT TSTP TTIN TTOU PIPE 34; do
                        trap "echo $s >/got" $s
                done
                mkfifo /got; echo >/ready; tail -f /dev/null & while :; do wait; done'
        # these are about the runtime's own terminal and output, and end neither
        for signal in TTIN TTOU PIPE; do
                kill -s "$signal" "$runner"
        done
        for signal in HUP INT QUIT USR1 USR2 ALRM TERM WINCH CONT TSTP 34; do
                kill -s "$signal" "$runner"
                assert_equal "$(timeout 10 cat rootfs/got)" "$signal"
        done
        kill -KILL "$(container_pid)"
        wait_for_runner
        assert_status 137
}

@test "a signal that ends the program gives its exit status, and the container is deleted" {
        run_in_background 'trap "exit 5" TERM; echo >/ready; tail -f /dev/null & wait'
        kill -TERM "$runner"
        wait_for_runner
        assert_status 5
        assert_no_debris
}

@test "signals that the caller ignores are passed on, and the program need not ignore them" {
        # a shell ignores INT for what it runs in the background, and nohup HUP
        its_signals=--ignore-signal=HUP,INT
        run_in_background 'mkfifo /got; trap "echo HUP >/got" HUP; trap "exit 5" INT
                echo >/ready; tail -f /dev/null & while :; do wait; done'
        kill -HUP "$runner"
        assert_equal "$(timeout 10 cat rootfs/got)" HUP
        kill -INT "$runner"
        wait_for_runner
        assert_status 5
}

@test "a runtime that is killed leaves the container running" {
        run_in_background 'echo >/ready; exec tail -f /dev/null'
        pid=$(container_pid)
        kill -KILL "$runner"
        wait_for_end "$runner"
        assert_equal "$(container_status)" running
        assert_equal "$(container_pid)" "$pid"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_no_debris
}

# ---- subreaper

# A container without a pid namespace that leaves a process in the background: $orphan is its pid, $parent whose it is.
run_with_orphan() { # OPTION...
        config '.linux.namespaces |= map(select(.type != "pid"))'
        run_in_background 'mkfifo /hold /got
                trap "echo >/got" WINCH
                sh -c "cat /hold & echo \$! >/orphan"
                echo >/ready; tail -f /dev/null & while :; do wait; done' "$@"
        orphan=$(<rootfs/orphan)
        parent=$(awk '$1 == "PPid:" { print $2 }' "/proc/$orphan/status")
}

@test "run adopts what the container leaves behind, and reaps it" {
        run_with_orphan
        assert_equal "$parent" "$runner"
        kill -KILL "$orphan"
        wait_for_end "$orphan"
        # signals are taken in the order of their numbers: when WINCH (28) is passed on, CHLD (17) was dealt with
        kill -WINCH "$runner"
        timeout 10 cat rootfs/got
        refute_exists "/proc/$orphan"
        ocirun kill "$ID" KILL
        wait_for_runner
        assert_status 137
}

@test "run --no-subreaper does not" {
        run_with_orphan --no-subreaper
        [ "$parent" != "$runner" ] || fail "it is the parent"
        ocirun kill "$ID" KILL
        wait_for_runner
        assert_status 137
        wait_for_end "$orphan"
}

# ---- --detach, --keep

@test "run --detach returns once the program runs" {
        config '.process.args = ["tail", "-f", "/dev/null"]'
        run_detached ocirun run --detach --pid-file pid "$ID"
        assert_status 0
        assert_output ""
        assert_equal "$(container_status)" running
        assert_equal "$(container_pid)" "$(<pid)"
        assert_equal "$(readlink "/proc/$(<pid)/exe")" /bin/busybox
        ocirun kill "$ID" KILL
        wait_for_end "$(<pid)"
        # it is the caller's to delete
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
}

@test "run --detach with a program that cannot be executed" {
        # create finds it, execve(2) does not like it
        printf 'no program\n' >rootfs/bin/text
        chmod +x rootfs/bin/text
        config '.process.args = ["text"]'
        run_detached ocirun run --detach "$ID"
        assert_status 1
        assert_output_contains "run $ID: config.json: process"
        assert_output_contains "exec format error"
        assert_no_debris
}

@test "run --keep leaves the container stopped" {
        run_container 'exit 7' --keep
        assert_status 7
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
}

@test "run with an id that is in use" {
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "run $ID: container with given ID already exists"
        assert_equal "$(container_status) $(container_pid)" "created $pid"
}
