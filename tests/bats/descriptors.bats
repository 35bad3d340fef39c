#!/usr/bin/env bats
# What the program inherits of whoever called the runtime: descriptors, and nothing of its signals.

load helpers

setup() {
        setup_test
        bundle web
}

# Run ocirun with nothing open but 0 to 2 and these files:  with_files "3=NAME 4=NAME..." ARGUMENT...
# A file says which one it is.  When LISTEN_FDS is set, it is meant for ocirun.
with_files() {
        local files=$1

        shift
        python3 -c '
import fcntl, os, sys

copies = {}
for file in sys.argv[1].split():
    number, name = file.split("=")
    with open(name, "w+") as f:
        f.write(f"file {name}\n")
        copies[int(number)] = fcntl.fcntl(f.fileno(), fcntl.F_DUPFD, 300)
os.closerange(3, 300)
for number, copy in copies.items():
    os.lseek(copy, 0, os.SEEK_SET)
    os.dup2(copy, number)
    os.close(copy)
if "LISTEN_FDS" in os.environ:
    os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])' "$files" "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
}

# Prints the numbers of the descriptors of the container's init, a line each.
list_descriptors='ls /proc/$$/fd; :'

# Start the container that was created with run_detached; $output is what it has printed until its end.
start_and_wait() {
        local pid

        pid=$(container_pid)
        ocirun start "$ID"
        wait_for_end "$pid"
        output=$(<"$BATS_TEST_TMPDIR/output")
}

# ---- descriptors

@test "standard input, output and error are those of the caller" {
        run_container 'cat; echo error >&2; exit 3' <<<input
        assert_status 3
        assert_output "input
error"
        ocirun run "$ID" <<<input >out 2>err || status=$?
        assert_equal "$(<out)" input
        assert_equal "$(<err)" error
}

@test "nothing else that the caller has open reaches the program" {
        # runtime-linux.md, File descriptors: "By default, only the stdin, stdout and stderr file descriptors are kept
        # open for the application by the runtime."
        config --arg script "$list_descriptors" '.process.args = ["sh", "-c", $script]'
        run with_files "3=a 4=b 5=c 6=d 7=e 8=f 9=g 20=h 63=i 200=j" run "$ID"
        assert_status 0
        assert_equal "${lines[*]}" "0 1 2"

        run_detached with_files "3=a 4=b 5=c 6=d 7=e 8=f 9=g 20=h 63=i 200=j" create "$ID"
        assert_status 0
        # nor is it open in the init that waits to be started
        run ls -l "/proc/$(container_pid)/fd"
        refute_output_contains "$BUNDLE"
        start_and_wait
        assert_equal "$output" "0
1
2"
}

@test "standard streams that the caller has closed are /dev/null" {
        # "Some of the file descriptors MAY be redirected to /dev/null even though they are open."
        config --arg script 'for fd in 0 1 2; do links="$links $(readlink /proc/$$/fd/$fd)"; done; echo $links >/links' \
                '.process.args = ["sh", "-c", $script]'
        ocirun run "$ID" <&- >&- 2>&-
        assert_equal "$(<rootfs/links)" "/dev/null /dev/null /dev/null"
}

@test "--preserve-fds passes on the descriptors after standard error" {
        config --arg script "echo \$(cat <&3; cat <&4); $list_descriptors" '.process.args = ["sh", "-c", $script]'
        run with_files "3=a 4=b 5=c 6=d" run --preserve-fds 2 "$ID"
        assert_status 0
        assert_output "file a file b
0
1
2
3
4"
        run_detached with_files "3=a 4=b 5=c 6=d" create --preserve-fds=2 "$ID"
        assert_status 0
        start_and_wait
        assert_equal "$output" "file a file b
0
1
2
3
4"
}

@test "--preserve-fds of many descriptors, more than the runtime's own come before" {
        config --arg script 'cat <&102; ls /proc/$$/fd; :' '.process.args = ["sh", "-c", $script]'
        run with_files "$(seq -f "%.0f=a" 3 102)" run --preserve-fds 100 "$ID"
        assert_status 0
        assert_output "$(echo file a && seq 0 102 | sort)"
}

@test "--preserve-fds of what is not open, or no number, is an error" {
        run with_files "3=a" run --preserve-fds 3 "$ID"
        assert_status 1
        assert_output_contains "--preserve-fds: file descriptor 4 is not open"
        assert_output_contains "hint: 3 stands for 3 to 5, which the caller must have open"
        local number
        for number in -1 x 4294967296 ''; do
                run ocirun run --preserve-fds "$number" "$ID"
                assert_status 1
                assert_output_contains "--preserve-fds"
        done
        run ocirun run --preserve-fds 2147483647 "$ID"
        assert_status 1
        assert_output_contains "--preserve-fds: 2147483647 is too many"
        assert_no_debris
}

@test "sockets of LISTEN_FDS reach the program, which is told so (sd_listen_fds(3))" {
        config --arg script "env | grep LISTEN | sort; echo \$(cat <&3; cat <&4); $list_descriptors" \
                '.process.args = ["sh", "-c", $script] | .process.env += ["LISTEN_FDS=77"]'
        LISTEN_FDS=2 LISTEN_FDNAMES=web:admin run with_files "3=a 4=b 5=c 6=d" run "$ID"
        assert_status 0
        assert_output "LISTEN_FDNAMES=web:admin
LISTEN_FDS=2
LISTEN_PID=1
file a file b
0
1
2
3
4"
        # the id that init has
        config '.linux.namespaces |= map(select(.type != "pid")) | .process.args[2] = "echo $$ $LISTEN_PID"'
        LISTEN_FDS=2 run with_files "3=a 4=b" run "$ID"
        assert_status 0
        assert_equal "${output% *}" "${output#* }"
}

@test "sockets of LISTEN_FDS with create and start, and --preserve-fds after them" {
        config --arg script "echo \$LISTEN_FDS \$LISTEN_PID \$(cat <&3; cat <&4; cat <&5); $list_descriptors" \
                '.process.args = ["sh", "-c", $script]'
        LISTEN_FDS=1 run_detached with_files "3=a 4=b 5=c 6=d" create --preserve-fds 2 "$ID"
        assert_status 0
        start_and_wait
        assert_equal "$output" "1 1 file a file b file c
0
1
2
3
4
5"
}

@test "LISTEN_FDS that was meant for another process is not passed on" {
        # sd_listen_fds(3): "$LISTEN_PID [...] if this does not match the daemon's PID, the file descriptors were not
        # meant for this"
        config --arg script "env | grep LISTEN; $list_descriptors" '.process.args = ["sh", "-c", $script]'
        LISTEN_FDS=1 LISTEN_PID=1 run ocirun run "$ID"
        assert_status 0
        assert_equal "${lines[*]}" "0 1 2"
        LISTEN_FDS=1 run ocirun run "$ID"
        assert_status 0
        assert_equal "${lines[*]}" "0 1 2"
}

@test "LISTEN_FDS that is wrong is an error" {
        LISTEN_FDS=2 run with_files "3=a" run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: LISTEN_FDS: file descriptor 4 is not open"
        LISTEN_FDS=many run with_files "3=a" run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: LISTEN_FDS: must be a number of file descriptors, not \"many\""
        LISTEN_FDS=1 LISTEN_PID=me run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: LISTEN_PID: must be the id of a process, not \"me\""
}

# ---- signals

@test "signals that the caller ignores or blocks are neither in the program" {
        # env(1) can do both, and does not list those that cannot be changed
        config '.process.args = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]'
        run env --ignore-signal --block-signal "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 0
        assert_output "SigBlk:	0000000000000000
SigIgn:	0000000000000000"

        run_detached env --ignore-signal --block-signal "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        start_and_wait
        assert_equal "$output" "SigBlk:	0000000000000000
SigIgn:	0000000000000000"

        # and when it is nothing but a real-time signal
        ocirun delete "$ID"
        run env --ignore-signal=RTMIN+1,RTMAX "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 0
        assert_output "SigBlk:	0000000000000000
SigIgn:	0000000000000000"
}

@test "a caller that ignores SIGCHLD" {
        # the kernel reaps the children of such a process, and nobody can wait for them
        config '.process.args = ["sh", "-c", "exit 7"] | .hooks.createRuntime = [{ "path": "/bin/true" }]'
        run timeout 10 env --ignore-signal=CHLD "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 7
}

@test "that nobody reads the messages ends nothing half-way" {
        config '.process.capabilities.bounding += ["CAP_NONE"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output_contains warning

        run_detached python3 -c '
import os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
reader, writer = os.pipe()
os.dup2(writer, 2)
os.close(reader)
os.close(writer)
os.execv(sys.argv[1], sys.argv[1:])' "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "$(container_status)" created
}
