#!/usr/bin/env bats
# The programs of a whole distribution in a container, and NOTIFY_SOCKET, which needs some of them.

load helpers

setup() {
        setup_test
        needs debian-root
        # nothing is copied, and so nothing may be made in it
        BUNDLE=$BATS_TEST_TMPDIR/web
        mkdir "$BUNDLE"
        # shellcheck disable=SC2154 # set by helpers.bash
        cp "$helpers/config.json" "$BUNDLE"
        cd "$BUNDLE" || return
        config --arg root "$OCIRUN_TEST_ROOTS/debian" '.root = { "path": $root, "readonly": true } |
                .process.env = ["PATH=/usr/bin:/usr/sbin", "LC_ALL=C.UTF-8"] |
                .mounts += [{ "destination": "/tmp", "type": "tmpfs", "source": "tmpfs" },
                            { "destination": "/run", "type": "tmpfs", "source": "tmpfs" }]'
}

debian() { # BASH-SCRIPT
        config --arg script "$1" '.process.args = ["bash", "-c", $script]'
        run ocirun run "$ID"
}

# A container whose program says something to NOTIFY_SOCKET:  notify_with MESSAGE... (with \n for newlines)
notify_with() {
        config --argjson messages "$(jq -cn '$ARGS.positional' --args -- "$@")" --arg script '
                $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die "no socket: $!\n";
                for (@ARGV) { s/\\n/\n/g; $s->send($_) or die "send: $!\n"; }
                print "sent\n"; ' '.process.args = ["perl", "-MIO::Socket::UNIX", "-e", $script] + $messages'
}

@test "dynamic programs, job control, pipes and signals" {
        debian 'set -e; . /etc/os-release; echo $ID
                perl -e "exit 7" || echo perl $?
                sleep 1000 & kill %1; wait %1 || echo sleep $?
                seq 1000 | sort -rn | head -n 1
                mktemp -p /tmp >/dev/null; ps -e -o pid=,comm= | head -n 1 | xargs
                id; findmnt -n -o FSTYPE /proc'
        assert_status 0
        assert_output "debian
perl 7
sleep 143
1000
1 bash
uid=0(root) gid=0(root) groups=0(root)
proc"
}

@test "a read-only root stays as it is" {
        debian 'touch /x; mkdir /etc/y; touch /tmp/z && rm /tmp/z; echo >/etc/passwd'
        assert_status 1
        assert_output_contains "touch: cannot touch '/x': Read-only file system"
        assert_output_contains "/etc/passwd: Read-only file system"
}

@test "capsh and setpriv see what the configuration says" {
        debian 'capsh --print | grep -E "^(Current|Bounding)"; setpriv --dump | grep -i -E "no_new_privs|parent death"'
        assert_status 0
        assert_output_contains "Current: cap_kill,cap_net_bind_service,cap_audit_write=ep"
        assert_output_contains "Bounding set =cap_kill,cap_net_bind_service,cap_audit_write"
        assert_output_contains "no_new_privs: 1"
}

# ---- NOTIFY_SOCKET

@test "run passes on to the service manager what the program says of itself" {
        notify_with 'STATUS=loading' 'READY=1\nSTATUS=serving' 'STOPPING=1'
        run "$helpers/notifying" "$PWD/manager" "$OCIRUN" --root "$OCIRUN_ROOT" run --pid-file pid "$ID"
        assert_status 0
        # sd_notify(3): "MAINPID=... the main process ID (PID) of the service, in case the service manager did not fork off
        # the process itself"; before READY=1, since the manager looks at it then
        assert_output "sent
[STATUS=loading]
[MAINPID=$(<pid)]
[READY=1] [STATUS=serving]
[STOPPING=1]"
}

@test "what could harm other services is not passed on" {
        notify_with 'MAINPID=1\nSTATUS=x\nMAINPID=1' 'FDSTORE=1' 'NOTIFYACCESS=all' 'READY=10' 'X'
        run "$helpers/notifying" "@$ID" "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 0
        assert_output "sent
[STATUS=x]
[READY=10]"
}

@test "start waits until the program is ready, and tells the service manager" {
        notify_with 'READY=1'
        config '.process.args[3] += "sleep"'
        run_detached "$helpers/notifying" "$PWD/manager" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_output ""
        run "$helpers/notifying" "@$ID" "$OCIRUN" --root "$OCIRUN_ROOT" start "$ID"
        assert_status 0
        assert_output "[MAINPID=$(container_pid)]
[READY=1]"
        assert_equal "$(container_status)" running
}

@test "start does not wait for ever for a program that ends without being ready" {
        notify_with 'STATUS=failing'
        run_detached "$helpers/notifying" "$PWD/manager" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        run timeout 30 "$helpers/notifying" "@$ID" "$OCIRUN" --root "$OCIRUN_ROOT" start "$ID"
        assert_status 0
        assert_output "[STATUS=failing]"
}

@test "the container cannot put anything in place of the socket" {
        config '.process.args = ["sh", "-c", "echo $NOTIFY_SOCKET; rm /run/notify/notify.sock; touch /run/notify/x"]'
        run "$helpers/notifying" "$PWD/manager" "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 1
        assert_equal "${lines[0]}" /run/notify/notify.sock
        assert_output_contains "rm: cannot remove '/run/notify/notify.sock': Read-only file system"
        assert_output_contains "touch: cannot touch '/run/notify/x': Read-only file system"
}

@test "a NOTIFY_SOCKET that is of no use" {
        NOTIFY_SOCKET=relative run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: NOTIFY_SOCKET: must be an absolute path, or begin with @, not \"relative\""
        NOTIFY_SOCKET=$PWD/none run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: NOTIFY_SOCKET: connect to $PWD/none: no such file or directory (ENOENT)
  hint: unset it when no service manager waits there"
        assert_no_debris
        # without one the program has none, either
        config '.process.args = ["printenv", "NOTIFY_SOCKET"]'
        NOTIFY_SOCKET='' run ocirun run "$ID"
        assert_status 1
        assert_output ""
}
