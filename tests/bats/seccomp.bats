#!/usr/bin/env bats
# linux.seccomp, by what the container's program can do.  Quotations are from config-linux.md, Seccomp.

load helpers

setup() {
        setup_test
        bundle web
}

teardown() {
        if [ "${agent:-}" ]; then
                kill "$agent"
                wait "$agent" || :
        fi
        teardown_test
}

# profile JQ-OBJECT: linux.seccomp, whose defaultAction is SCMP_ACT_ALLOW unless it says otherwise
profile() {
        config ".linux.seccomp = { defaultAction: \"SCMP_ACT_ALLOW\" } + $1"
}

# entry NAME ACTION [MORE]: one entry of syscalls; MORE are further properties
entry() {
        profile "{ syscalls: [{ names: [\"$1\"], action: \"$2\" ${3:+, $3} }] }"
}

# The Debian root has perl, which can make any system call; it is shared, so read-only.
perl_root() {
        needs debian-root machine:x86_64
        config --arg path "$OCIRUN_TEST_ROOTS/debian" '.root = { $path, readonly: true } | .process.env = ["PATH=/usr/bin"]'
}

# syscalls NUMBER...: $errnos are those of each
syscalls() {
        config --arg list "$*" '.process.args = ["perl", "-e",
                "for (split / /, $ARGV[0]) { $! = 0; syscall($_ + 0, -1, -1, -1, -1, -1, -1); print $! + 0, qq( ) }", $list]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        errnos=${output% }
}

assert_refused() {
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.seccomp$1"
        assert_no_debris
}

# start_agent ANSWER...
start_agent() {
        mkfifo ready
        "$BATS_TEST_DIRNAME/seccomp-agent" "$PWD/agent.sock" "$PWD" "$@" >agent.log 2>&1 3>&- &
        agent=$!
        run timeout 60 cat ready
        assert_output ready
}

# The operators, by the number of the signal that the shell sends to itself: 17, 18, 23 and 28 do nothing.
assert_denied_signals() { # ARGS EXPECTED
        entry kill SCMP_ACT_ERRNO "args: $1"
        run_container 'for signal in 17 18 23 28; do kill -$signal $$ 2>/dev/null || echo $signal; done; true'
        assert_equal "$1 $(paste -sd' ' <<<"$output")" "$1 $2"
}

# ---- actions

@test "SCMP_ACT_ERRNO gives errnoRet, or EPERM" {
        # "errnoRet (uint, OPTIONAL) [...] The default is EPERM"
        entry mkdir SCMP_ACT_ERRNO
        run_container 'mkdir /x; echo "status $?"'
        assert_output_contains "can't create directory '/x': Operation not permitted"
        assert_output_contains "status 1"
        refute_exists rootfs/x

        entry mkdir SCMP_ACT_ERRNO "errnoRet: 18"
        run_container 'mkdir /x'
        assert_output_contains "cross-device link"

        # the call is skipped, and all is well
        entry mkdir SCMP_ACT_ERRNO "errnoRet: 0"
        run_container 'mkdir /x; echo "status $?"'
        assert_output "status 0"
        refute_exists rootfs/x
}

@test "defaultAction is for what no entry names, with defaultErrnoRet" {
        perl_root
        # getppid 110, kcmp 312; the newest of the list is process_madvise 440
        profile '{ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 19, syscalls: [{ names: [
                "access", "arch_prctl", "brk", "close", "execve", "exit_group", "faccessat2", "fcntl", "fstat", "futex",
                "getdents64", "getegid", "geteuid", "getgid", "getrandom", "getuid", "ioctl", "lseek", "mmap", "mprotect",
                "munmap", "newfstatat", "openat", "pread64", "prlimit64", "read", "readlink", "rseq", "rt_sigaction",
                "rt_sigprocmask", "set_robust_list", "set_tid_address", "stat", "statx", "write", "capset", "setgroups",
                "process_madvise"], action: "SCMP_ACT_ALLOW" }] }'
        syscalls 110 312
        assert_equal "$errnos" "19 19"
}

@test "SCMP_ACT_KILL and SCMP_ACT_KILL_PROCESS end the program, without a chance to notice" {
        for action in KILL KILL_PROCESS KILL_THREAD; do
                entry mkdir "SCMP_ACT_$action"
                run_container 'trap "echo trapped" SYS; mkdir /x; echo "status $?"; exec mkdir /x'
                # 128 + SIGSYS
                assert_output_contains "status 159"
                refute_output_contains trapped
                assert_status 159
                refute_exists rootfs/x
        done
}

@test "SCMP_ACT_KILL_THREAD ends one thread, SCMP_ACT_KILL_PROCESS all" {
        perl_root
        # the thread calls getppid(2); perl cannot join one that was killed
        config '.process.args = ["perl", "-e", "use threads; $| = 1;
                threads->create(sub { print qq(thread\n); syscall(110); print qq(survived\n); })->detach;
                1 until @{[glob q(/proc/self/task/*)]} == 1; print qq(process\n)"]'
        entry getppid SCMP_ACT_KILL_THREAD
        run timeout 60 "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
        assert_output "$(printf 'thread\nprocess')"
        assert_status 0
        entry getppid SCMP_ACT_KILL_PROCESS
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output thread
        assert_status 159
}

@test "SCMP_ACT_TRAP sends SIGSYS, which a program may catch" {
        entry kill SCMP_ACT_TRAP
        run_container 'trap "echo trapped" SYS; kill -0 $$; echo survived'
        assert_output_contains trapped
        assert_output_contains survived
}

@test "SCMP_ACT_TRACE without a tracer is as if the kernel had no such call" {
        entry mkdir SCMP_ACT_TRACE "errnoRet: 7"
        run_container 'mkdir /x'
        assert_output_contains "Function not implemented"
        refute_exists rootfs/x
}

@test "SCMP_ACT_ALLOW and SCMP_ACT_LOG let the call through" {
        for action in ALLOW LOG; do
                profile "{ syscalls: [[\"SCMP_ACT_$action\", \"SCMP_ACT_ERRNO\"][] | { names: [\"mkdir\"], action: . }] }"
                run_container "mkdir /$action && echo made"
                assert_output made
                assert_exists "rootfs/$action"
        done
}

@test "an errno for an action that has none is an error" {
        # "When the action doesn't support an errno, the runtime MUST print and error and fail"
        for action in ALLOW KILL KILL_PROCESS KILL_THREAD LOG TRAP; do
                entry mkdir "SCMP_ACT_$action" "errnoRet: 1"
                assert_refused ".syscalls[0].errnoRet: is not allowed with SCMP_ACT_$action"
        done
        profile '{ defaultErrnoRet: 1 }'
        assert_refused ".defaultErrnoRet: is not allowed with SCMP_ACT_ALLOW"
        entry mkdir SCMP_ACT_ERRNO "errnoRet: 4096"
        assert_refused ".syscalls[0].errnoRet: must be from 0 to 4095, not 4096"
}

@test "a call that is newer than the profile does not exist, for the program" {
        # as engines know it from runc: a C library takes ENOSYS as a reason to use an older call, but not EPERM
        perl_root
        config --slurpfile profile "$BATS_TEST_DIRNAME/seccomp-profile.json" '.linux.seccomp = $profile[0]'
        # swapon is denied, 461 is newer than the profile
        syscalls 167 461 9999
        assert_equal "$errnos" "1 38 38"
        config '.linux.seccomp.defaultErrnoRet = 5'
        syscalls 461
        assert_equal "$errnos" 38
        # another default action is what the profile says
        config '.linux.seccomp.defaultAction = "SCMP_ACT_KILL_PROCESS" | del(.linux.seccomp.defaultErrnoRet)'
        syscalls 461
        assert_status 159
}

# ---- arguments

@test "args: each operator" {
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_NE" }]' "17 23 28"
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_LT" }]' "17"
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_LE" }]' "17 18"
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_EQ" }]' "18"
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_GE" }]' "18 23 28"
        assert_denied_signals '[{ index: 1, value: 18, op: "SCMP_CMP_GT" }]' "23 28"
        # 17 is 10001 in binary, 18 10010, 23 10111, 28 11100
        assert_denied_signals '[{ index: 1, value: 3, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ" }]' "17"
        assert_denied_signals '[{ index: 1, value: 2, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" }]' "18 23"
}

@test "args: all of an entry must hold, and any of several entries" {
        assert_denied_signals '[{ index: 1, value: 17, op: "SCMP_CMP_GT" }, { index: 1, value: 28, op: "SCMP_CMP_LT" }]' "18 23"
        assert_denied_signals '[{ index: 1, value: 17, op: "SCMP_CMP_EQ" }, { index: 0, value: 0, op: "SCMP_CMP_EQ" }]' ""
        profile '{ syscalls: [17, 28 | { names: ["kill"], action: "SCMP_ACT_ERRNO", args: [{ index: 1, value: ., op: "SCMP_CMP_EQ" }] }] }'
        run_container 'for signal in 17 18 23 28; do kill -$signal $$ 2>/dev/null || echo $signal; done; true'
        assert_output "$(printf '17\n28')"
}

@test "the first entry that matches decides" {
        allow='{ names: ["kill"], action: "SCMP_ACT_ALLOW", args: [{ index: 1, value: 17, op: "SCMP_CMP_EQ" }] }'
        deny='{ names: ["kill"], action: "SCMP_ACT_ERRNO" }'
        profile "{ syscalls: [$allow, $deny] }"
        run_container 'kill -17 $$ && echo 17; kill -18 $$ 2>/dev/null && echo 18; true'
        assert_output 17
        profile "{ syscalls: [$deny, $allow] }"
        run_container 'kill -17 $$ 2>/dev/null && echo 17; kill -18 $$ 2>/dev/null && echo 18; true'
        assert_output ""
}

# ---- words

@test "names of calls that this machine does not know are passed over" {
        # engines list calls of all architectures and of newer kernels
        profile '{ syscalls: [{ names: ["no_such_call", "mkdir", "s390_pci_mmio_read"], action: "SCMP_ACT_ERRNO" }] }'
        run_container 'mkdir /x'
        assert_output_contains "Operation not permitted"
}

@test "words that the specification does not have are errors" {
        profile '{ defaultAction: "SCMP_ACT_NONE" }'
        assert_refused ".defaultAction: SCMP_ACT_NONE is not a seccomp action"
        entry mkdir SCMP_ACT_NONE
        assert_refused ".syscalls[0].action: SCMP_ACT_NONE is not a seccomp action"
        entry mkdir SCMP_ACT_ERRNO 'args: [{ index: 0, value: 1, op: "SCMP_CMP_LIKE" }]'
        assert_refused ".syscalls[0].args[0].op: SCMP_CMP_LIKE is not a seccomp operator"
        entry mkdir SCMP_ACT_ERRNO 'args: [{ index: 6, value: 1, op: "SCMP_CMP_EQ" }]'
        assert_refused ".syscalls[0].args[0].index: must be from 0 to 5, not 6"
        profile '{ architectures: ["SCMP_ARCH_VAX"] }'
        assert_refused ".architectures[0]: SCMP_ARCH_VAX is not a seccomp architecture"
        profile '{ flags: ["SECCOMP_FILTER_FLAG_NONE"] }'
        assert_refused ".flags[0]: SECCOMP_FILTER_FLAG_NONE is not a seccomp flag"
        # "names MUST contain at least one entry"
        profile '{ syscalls: [{ names: [], action: "SCMP_ACT_ERRNO" }] }'
        assert_refused ".syscalls[0].names: must have at least one entry"
}

@test "flags are those of features, and the kernel takes them" {
        for flag in $(ocirun features | jq -r '.linux.seccomp.supportedFlags[]'); do
                # it has a meaning only with a listener
                [ "$flag" != SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ] || continue
                profile "{ flags: [\"$flag\"], syscalls: [{ names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\" }] }"
                run_container 'mkdir /x 2>/dev/null || echo denied'
                assert_output denied
        done
        [ "${flag:-}" ]
        profile '{ flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }'
        assert_refused ".flags[0]: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has a meaning only with SCMP_ACT_NOTIFY"
}

@test "architectures: a call of one that is not listed kills, one of those that are is filtered" {
        # "architectures - the architecture used for system calls"
        perl_root
        # of x32, getppid(2) is 110 with bit 30 set; Linux has the call only with CONFIG_X86_X32_ABI
        x32=$((0x40000000 + 110))
        entry getppid SCMP_ACT_ERRNO "errnoRet: 33"
        for architectures in null '[]' '["SCMP_ARCH_X86_64"]' '["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]'; do
                config ".linux.seccomp.architectures = $architectures"
                syscalls 110
                assert_equal "$architectures $errnos" "$architectures 33"
                syscalls $x32
                # 128 + SIGSYS
                assert_status 159
        done
        config '.linux.seccomp.architectures = ["SCMP_ARCH_X32", "SCMP_ARCH_X86_64"]'
        syscalls 110 $x32
        assert_equal "$errnos" "33 33"
        config 'del(.linux.seccomp.syscalls)'
        syscalls $x32
        assert_status 0
}

# config-linux.md, flags: "list of flags to use with seccomp(2)"; the quotations below are from seccomp(2)

@test "the kernel gets the flags that are listed" {
        needs command:strace
        profile '{ flags: ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"] }'
        run strace -f -qq -o trace -e trace=seccomp "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
        assert_status 0
        run cat trace
        assert_output_contains "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_SPEC_ALLOW, "
        profile '{ }'
        run strace -f -qq -o trace -e trace=seccomp "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
        run cat trace
        assert_output_contains "seccomp(SECCOMP_SET_MODE_FILTER, 0, "
}

# recorded FLAGS: $records are the numbers of the recorded calls among mkdir 83, which is denied, and rmdir 84, which is
# recorded in any case
recorded() {
        local uid=$((50000 + $$ % 10000))

        profile "{ flags: $1, syscalls: [{ names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\" },
                { names: [\"rmdir\"], action: \"SCMP_ACT_LOG\" }] }"
        config --argjson uid $uid '.process.user = { $uid, gid: $uid } | .process.args = ["sh", "-c", "mkdir /x; rmdir /x"]'
        records=$("$BATS_TEST_DIRNAME/audit-records" $uid 84 \
                "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID" 2>/dev/null | grep -x '[0-9]*' | paste -sd' ')
}

@test "SECCOMP_FILTER_FLAG_LOG: what is not allowed is recorded" {
        # "All filter return actions except SECCOMP_RET_ALLOW should be logged"
        needs audit machine:x86_64
        recorded '[]'
        assert_equal "$records" 84
        recorded '["SECCOMP_FILTER_FLAG_LOG"]'
        assert_equal "$records" "83 84"
}

# The program's mkdir waits for the agent while it gets a signal that it handles.
call_that_is_signalled() { # FLAGS
        perl_root
        config --argjson flags "$1" --arg path "$PWD/agent.sock" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW",
                listenerPath: $path, $flags, syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
        config '.process.args = ["perl", "-e", "$| = 1; $SIG{USR1} = sub { print qq(signal\n) };
                mkdir(qq(/x)) or print qq($!\n)"]'
        rm -f agent.sock
        mkfifo received answer
        start_agent held:18
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        run ocirun start "$ID"
        assert_status 0
        run timeout 60 cat received
        assert_output received
        kill -USR1 "$pid"
}

@test "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: a call that the agent has received is not interrupted" {
        needs linux:5.19
        call_that_is_signalled '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
        : >answer
        wait_for_end "$pid"
        run cat "$BATS_TEST_TMPDIR/output"
        assert_output_contains "Invalid cross-device link"
        assert_output_contains signal
        refute_output_contains Interrupted
}

@test "without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV it is" {
        call_that_is_signalled '[]'
        # the program ends before the agent answers
        wait_for_end "$pid"
        : >answer
        run cat "$BATS_TEST_TMPDIR/output"
        assert_output_contains "Interrupted system call"
        assert_output_contains signal
}

# ---- when it is loaded

@test "with and without noNewPrivileges one filter is in force, and the program's privileges are as asked" {
        entry mkdir SCMP_ACT_ERRNO
        for value in true false; do
                config ".process.noNewPrivileges = $value | .process.user = { uid: 1000, gid: 1000 }"
                run_container 'grep -E "^(NoNewPrivs|Seccomp|Seccomp_filters|CapEff|CapPrm|Uid):" /proc/self/status; mkdir /tmp/x'
                number=0
                [ $value = false ] || number=1
                assert_output_matches "NoNewPrivs:.$number"
                assert_output_matches "Seccomp:.2"
                assert_output_matches "Seccomp_filters:.1"
                assert_output_matches "CapEff:.0000000000000000"
                assert_output_matches "Uid:.1000.1000.1000.1000"
                assert_output_contains "Operation not permitted"
        done
}

@test "a profile may deny what only the runtime needs" {
        # loaded as late as can be: the program is executed next
        profile '{ syscalls: [{ names: ["bind", "capset", "chdir", "chroot", "close_range", "connect", "fchdir", "mount",
                "mount_setattr", "move_mount", "open_tree", "openat2", "pivot_root", "recvmsg", "sendmsg", "sendto",
                "setdomainname", "setgroups", "sethostname", "setns", "setresgid", "setresuid", "setsid", "socket",
                "umount2", "unshare"], action: "SCMP_ACT_KILL_PROCESS" }] }'
        run_container 'echo runs'
        assert_output runs
        assert_status 0
        run_detached ocirun create "$ID"
        assert_status 0
        run ocirun start "$ID"
        assert_status 0
        assert_output ""
}

@test "a profile of the size and kind of the engines' own" {
        config --slurpfile profile "$BATS_TEST_DIRNAME/seccomp-profile.json" '.linux.seccomp = $profile[0]'
        [ "$(jq '.syscalls[1].names | length' "$BATS_TEST_DIRNAME/seccomp-profile.json")" -gt 400 ]
        run_container '
                mkdir /d && echo text >/d/file && cp /d/file /d/copy && chmod 600 /d/copy && mv /d/copy /d/moved &&
                ln -s moved /d/link && cat /d/link | sort | tail -n 1 && rm -r /d && (sleep 0 & wait) && date >/dev/null &&
                find /bin | wc -l >/dev/null && ps >/dev/null && ip addr >/dev/null && echo all'
        assert_output "$(printf 'text\nall')"
        assert_status 0
        # clone with any of the CLONE_NEW flags
        run_container 'unshare -U true; swapoff /x'
        assert_output_contains "Operation not permitted"
}

# ---- the agent

@test "the agent gets one container process state, and its answers count" {
        # "The runtime MUST send exactly one container process state per connection. The connection MUST NOT be reused
        # and it MUST be closed"; "the file descriptors MUST be sent only in the first call"
        start_agent 18 value:0 continue
        config --arg path "$PWD/agent.sock" '.annotations = { "my.key": "my value" } | .linux.seccomp = {
                defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "MKDIR=/x",
                syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
        config '.process.args = ["sh", "-c", "mkdir /x; mkdir /y; mkdir /z; echo status $?; read x <f"]'
        mkfifo rootfs/f
        run_detached ocirun create "$ID"
        assert_status 0
        refute_exists states
        run ocirun start "$ID"
        assert_status 0
        pid=$(container_pid)
        echo >rootfs/f
        wait_for_end "$pid"

        run cat "$BATS_TEST_TMPDIR/output"
        assert_output_contains "can't create directory '/x': Invalid cross-device link"
        assert_output_contains "status 0"
        refute_exists rootfs/x
        refute_exists rootfs/y
        assert_exists rootfs/z

        assert_equal "$(wc -l <states)" 1
        run jq -r '.first, .others, .state.fds[], .state.metadata, .state.pid, .state.ociVersion' states
        assert_output "$(printf '%s\n' 1 0 seccompFd MKDIR=/x "$pid" 1.3.0)"
        # "state (state, REQUIRED) is the state of the container"
        run jq -r '.state.state | .ociVersion, .id, .pid, .bundle, .annotations["my.key"]' states
        assert_output "$(printf '%s\n' 1.3.0 "$ID" "$pid" "$BUNDLE" "my value")"
        run jq -r '.state.state.status' states
        assert_output_matches '^(created|creating|running)$'
}

@test "run hands the listener over, too" {
        start_agent 18
        config --arg path "$PWD/agent.sock" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
                flags: ["SECCOMP_FILTER_FLAG_TSYNC"], syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
        run_container 'mkdir /x'
        assert_output_contains "cross-device link"
        # "metadata (string, OPTIONAL)"
        assert_equal "$(jq '.state | has("metadata")' states)" false
}

@test "an agent that is not there is an error of start" {
        # "If sending to this socket fails, the runtime MUST generate an error"
        config --arg path "$PWD/agent.sock" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
                syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
        run_container 'echo runs'
        assert_status 1
        assert_output_contains "linux.seccomp.listenerPath: connect to $PWD/agent.sock: no such file or directory (ENOENT)"
        refute_output_contains runs
        assert_no_debris

        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        run ocirun start "$ID"
        assert_status 1
        assert_output_contains "linux.seccomp.listenerPath: connect to $PWD/agent.sock: no such file or directory"
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
}

# A socket that is none of an agent: KIND is the python name of its type.
start_other_socket() { # KIND
        mkfifo ready
        python3 -c 'import signal, socket, sys
s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[1]))
s.bind("agent.sock")
if sys.argv[1] == "SOCK_SEQPACKET":
    s.listen()
open("ready", "w").write("ready\n")
signal.pause()' "$1" 3>&- &
        agent=$!
        run timeout 60 cat ready
        assert_output ready
        rm ready
}

stop_other_socket() {
        kill "$agent"
        wait "$agent" || :
        agent=
}

@test "an agent must listen on a stream socket of AF_UNIX" {
        # "This socket MUST use AF_UNIX domain and SOCK_STREAM type", "If sending to this socket fails, the runtime MUST
        # generate an error"
        config --arg path "$PWD/agent.sock" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
                syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
        while read -r kind reason; do
                start_other_socket "$kind"
                run_container 'echo runs'
                stop_other_socket
                rm agent.sock
                assert_status 1
                assert_output_contains "linux.seccomp.listenerPath: connect to $PWD/agent.sock: $reason"
                refute_output_contains runs
        done <<'END'
SOCK_DGRAM protocol wrong type for socket (EPROTOTYPE)
SOCK_SEQPACKET protocol wrong type for socket (EPROTOTYPE)
SOCK_STREAM connection refused (ECONNREFUSED)
END
}

@test "the agent is not called where nothing notifies it" {
        # "If the SCMP_ACT_NOTIFY action is not used this value is ignored"
        config '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such/socket" }'
        run_container 'echo runs'
        assert_output runs
}

@test "a listener that cannot be is refused" {
        # "This field MUST NOT be set if listenerPath is not set"
        profile '{ listenerMetadata: "x" }'
        assert_refused ".listenerMetadata: must not be set without listenerPath"
        entry mkdir SCMP_ACT_NOTIFY
        assert_refused ".listenerPath: is required with SCMP_ACT_NOTIFY"
        profile '{ defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/x" }'
        assert_refused ".defaultAction: SCMP_ACT_NOTIFY is possible only for single system calls"
        # init itself would wait for the agent that it is about to call
        profile '{ listenerPath: "/x", syscalls: [{ names: ["sendmsg"], action: "SCMP_ACT_NOTIFY" }] }'
        assert_refused ".syscalls: sendmsg must be allowed when SCMP_ACT_NOTIFY is used"
}
