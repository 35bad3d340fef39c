#!/usr/bin/env bats
# process.terminal: the container's terminal, in the caller's and on a console socket.

load helpers

setup() {
        setup_test
        bundle web
        config '.process.terminal = true'
}

script() { # SHELL-SCRIPT
        config --arg script "$1" '.process.args = ["sh", "-c", $script]'
}

# What a user does at a terminal is standard input (see in-terminal):  at_terminal <<END
at_terminal() {
        # shellcheck disable=SC2154 # set by helpers.bash
        run "$helpers/in-terminal" pty "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        output=${output//$'\r'/}
}

# The same for what has its terminal sent to a socket:  on_socket COMMAND [OPTION...] <<END
on_socket() {
        local command=$1

        shift
        run "$helpers/in-terminal" socket console \
                "$OCIRUN" --root "$OCIRUN_ROOT" "$command" --console-socket "$PWD/console" "$@" "$ID"
        output=${output//$'\r'/}
}

# ---- in the caller's terminal

@test "the program has a terminal of its own, which controls it" {
        # fields 5 to 7 of stat(5): process group, session, terminal, which is 136:0
        script 'tty; for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done
                [ $(stat -c %t:%T /dev/console) = $(stat -c %t:%T /dev/pts/0) ] && echo same as console
                cut -d" " -f5-7 /proc/1/stat; echo from tty >/dev/tty; stat -c "%u:%g %a" /dev/pts/0; exit 7'
        at_terminal </dev/null
        # config.md, Process: "terminal (bool, OPTIONAL) specifies whether a terminal is attached to the process [...] on
        # Linux a pseudoterminal pair is allocated for the process and the pseudoterminal pty is duplicated on the
        # process's standard streams."
        assert_output "/dev/pts/0
/dev/pts/0
/dev/pts/0
/dev/pts/0
same as console
1 1 34816
from tty
0:5 620
[modes as before]
[exit status 7]"
}

@test "the terminal belongs to the user" {
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        script 'stat -c "%u:%g %a" /dev/pts/0; echo written >/dev/tty; : </dev/console && echo opened'
        at_terminal </dev/null
        assert_output "1000:5 620
written
opened
[modes as before]
[exit status 0]"
}

@test "what is typed reaches the program, is echoed once, and ^D is its end" {
        script 'echo ready; while read line; do echo "read $line"; done; echo over'
        at_terminal <<'END'
expect ready
send some words\r
expect read some words
send \x04
expect over
END
        assert_output "ready
some words
read some words
over
[modes as before]
[exit status 0]"
}

@test "^C and ^\\ are signals for the container's foreground job, and not for the runtime" {
        # init is immune to signals that it has no handler for
        script 'trap "echo interrupted" INT; trap "echo quit; exit 4" QUIT; echo ready; while :; do read x; done'
        at_terminal <<'END'
expect ready
send \x03
expect interrupted
send \x1c
expect quit
END
        assert_output_contains "[modes as before]
[exit status 4]"
}

@test "the program sees the size of the caller's terminal, and its changes" {
        script 'trap "stty size" WINCH; stty size; while :; do read x && exit $x; done'
        at_terminal <<'END'
expect 24 80\r\n
size 100 30
expect 30 100\r\n
size 132 50
expect 50 132\r\n
send 3\r
END
        assert_output_contains "[exit status 3]"
}

@test "newlines are translated once, by the caller's terminal" {
        # as with runc, and as conmon expects: the container's terminal does not
        script 'stty -a | grep -o -- "[-]*onlcr"; printf "one\ntwo\n"'
        run "$helpers/in-terminal" pty "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID" </dev/null
        assert_output_contains "-onlcr"
        assert_output_contains $'one\r\ntwo\r\n'
        refute_output_contains $'\r\r'
}

@test "a program that puts its terminal into raw mode gets each character as it is typed" {
        script 'stty raw -echo; echo ready; dd bs=1 count=4 2>/dev/null | od -An -tx1'
        at_terminal <<'END'
expect ready
send \x03\x04\x1a\r
expect 03 04 1a 0d
END
        assert_output_contains "[modes as before]"
}

@test "much output arrives whole, also what is written last" {
        script 'seq 20000; echo last'
        at_terminal </dev/null
        assert_equal "$output" "$(seq 20000)
last
[modes as before]
[exit status 0]"
}

@test "the caller's terminal is as it was after a signal to the runtime" {
        script 'trap "exit 5" TERM; echo ready; while :; do read x; done'
        at_terminal <<'END'
expect ready
kill TERM
END
        assert_output "ready
[modes as before]
[exit status 5]"
}

@test "the caller's terminal is as it was after the container was killed" {
        script 'echo ready; read x'
        at_terminal <<END
expect ready
host "$OCIRUN" --root "$OCIRUN_ROOT" kill "$ID" KILL
END
        assert_output_contains "[modes as before]
[exit status 137]"
}

@test "the caller's terminal is as it was after the container has failed" {
        config '.process.args = ["/no/such"]'
        at_terminal </dev/null
        assert_output_contains "process.args[0]: exec /no/such: no such file or directory (ENOENT)"
        assert_output_contains "[modes as before]
[exit status 1]"
        echo '#!/no/interpreter' >rootfs/script
        chmod 0755 rootfs/script
        config '.process.args = ["/script"]'
        at_terminal </dev/null
        assert_output_contains "exec /script: no such file or directory (ENOENT)"
        assert_output_contains "[modes as before]
[exit status 1]"
}

@test "the caller's terminal hangs up" {
        script 'trap "exit 8" HUP; echo ready; while :; do read x || exit 9; done'
        at_terminal <<'END'
expect ready
hangup
END
        # the kernel sends SIGHUP to the runtime, which passes it on
        assert_output "ready
[exit status 8]"
}

@test "a program with a terminal whose caller has none" {
        script 'tty; while read line; do echo "read $line"; done; echo over; exit 6'
        run ocirun run "$ID" <<<input
        assert_status 6
        assert_output_contains "/dev/pts/0"
        assert_output_contains "read input"
        # at the end of the pipe, the character for the end is typed
        assert_output_contains "over"
        run ocirun run "$ID" < <(printf 'a\nb')
        assert_status 6
        assert_output_contains "read a"
        assert_output_contains "over"
}

# ---- on a console socket

@test "create sends the terminal to the console socket" {
        script 'echo ready; read line; echo "read $line"'
        on_socket create <<END
host "$OCIRUN" --root "$OCIRUN_ROOT" start "$ID"
expect ready
send words\n
expect read words
END
        assert_status 0
        assert_equal "${lines[0]}" "[received 1 descriptor called /dev/pts/ptmx]"
        assert_equal "${lines[1]}" "[connection closed]"
        assert_output_contains "[exit status 0]"
}

@test "run sends the terminal to the console socket" {
        script 'echo ready; read x; exit 3'
        on_socket run <<'END'
expect ready
send \n
END
        assert_status 0
        assert_output_contains "[received 1 descriptor called /dev/pts/ptmx]"
        assert_output_contains "[exit status 3]"
}

@test "run --detach sends the terminal to the console socket" {
        script 'echo ready; read x; exit 3'
        on_socket run --detach <<'END'
expect ready
send \n
END
        assert_output_contains "[received 1 descriptor called /dev/pts/ptmx]"
        assert_output_contains "[exit status 0]"
}

@test "consoleSize is the terminal's first size" {
        # config.md, Process: "consoleSize (object, OPTIONAL) specifies the console size in characters of the terminal."
        config '.process.consoleSize = { "height": 33, "width": 101 }'
        script 'stty size'
        on_socket run </dev/null
        assert_output_contains "33 101"
        # the caller's terminal knows better
        at_terminal </dev/null
        assert_equal "${lines[0]%$'\r'}" "24 80"
        config '.process.consoleSize = { "height": 65536, "width": 1 }'
        run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.consoleSize.height: must be at most 65535, not 65536"
        # "Runtimes MUST ignore consoleSize if terminal is false or unset."
        config '.process.terminal = false'
        script 'tty; ls /dev/console'
        run ocirun run "$ID" </dev/null
        assert_output_contains "not a tty"
        assert_output_contains "/dev/console: No such file"
}

@test "a detached container with a terminal needs a console socket" {
        local command

        for command in create "run --detach"; do
                # shellcheck disable=SC2086 # words
                run_detached ocirun $command "$ID"
                assert_status 1
                assert_output "ocirun: ${command%% *} $ID: config.json: process.terminal: a detached container with a\
 terminal needs --console-socket"
                assert_no_debris
        done
}

@test "a console socket that is of no use" {
        config '.process.terminal = false'
        run_detached ocirun create --console-socket "$PWD/console" "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: --console-socket: config.json asks for no terminal (process.terminal)"

        config '.process.terminal = true'
        run_detached ocirun create --console-socket "$PWD/console" "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: --console-socket: connect to $PWD/console: no such file or directory (ENOENT)"
        : >console
        run_detached ocirun create --console-socket "$PWD/console" "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: --console-socket: connect to $PWD/console: connection refused (ECONNREFUSED)"
        assert_no_debris
}

# ---- roots that are in the way

@test "a terminal needs a devpts" {
        config 'del(.mounts[] | select(.type == "devpts"))'
        script true
        run ocirun run "$ID" </dev/null
        assert_status 1
        assert_output_contains "config.json: process.terminal: open /dev/pts: no such file or directory (ENOENT)"
        # another file system's files are not taken for terminals (CVE-2025-52565)
        config '.mounts += [{ "destination": "/dev/pts", "type": "tmpfs", "source": "tmpfs" }]'
        run ocirun run "$ID" </dev/null
        assert_status 1
        assert_output_contains "config.json: process.terminal: /dev/pts is not a devpts, which a terminal needs
  hint: add a mount of type devpts with destination /dev/pts"
}

@test "/dev/console of the image leads nowhere outside of it" {
        local target

        config 'del(.mounts[] | select(.destination | IN("/dev", "/dev/shm", "/dev/mqueue")))'
        script 'stat -c %t:%T /dev/console'
        echo host >host
        for target in ../../host "$PWD/host" /here; do
                rm -rf rootfs/dev
                mkdir -p rootfs/dev/pts
                ln -s "$target" rootfs/dev/console
                run ocirun run "$ID" </dev/null
                assert_equal "$(<host)" host
                [ ! -e rootfs/here ] || assert_equal "$(stat -c %F rootfs/here)" "regular empty file"
        done
        rm rootfs/dev/console
        mkdir rootfs/dev/console
        run ocirun run "$ID" </dev/null
        assert_status 1
        assert_output_contains "process.terminal: /dev/console is a directory; the terminal is to be mounted on it"
}
