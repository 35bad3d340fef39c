#!/usr/bin/env bats
# What engines depend on: formats that they parse, and the command lines that they use.

load helpers

log_file() {
        echo "$BATS_TEST_TMPDIR/log"
}

# ---- what they parse

@test "the pid file is a number without a newline, and appears complete" {
        bundle web
        echo old >pid
        ln pid before
        run_detached ocirun create --pid-file pid "$ID"
        assert_status 0
        # go-runc parses the whole file as a number
        assert_equal "$(od -An -c pid | tr -d ' \n')" "$(container_pid)"
        # another file took its place: nobody sees a part of it
        assert_equal "$(<before)" old
        # relative paths are those of the caller
        assert_equal "$(stat -c %a pid)" 644
}

@test "state is JSON and nothing else" {
        bundle web
        config '.annotations = { "a": "b" }'
        run_detached ocirun create "$ID"
        assert_status 0
        pid=$(container_pid)
        # go-runc parses standard output and standard error together
        ocirun state "$ID" >all 2>&1
        assert_equal "$(tail -c 1 all)" "}"
        assert_equal "$(jq -c 'keys_unsorted' all)" \
                '["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
        assert_equal "$(jq -r '.rootfs' all)" "$PWD/rootfs"
        assert_equal "$(jq '.created | sub("[.][0-9]{9}Z$"; "Z") | now - fromdateiso8601 | . > -2 and . < 600' all)" true
        run ocirun start "$ID"
        assert_status 0
        wait_for_end "$pid"
        # a process id that is free again must not be shown
        assert_equal "$(ocirun state "$ID" | jq -c '[.status, .pid]')" '["stopped",0]'
}

@test "list" {
        bundle web
        run ocirun list
        assert_output "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
        run ocirun list --format json
        assert_output null
        for id in "$ID-b" "$ID-a"; do
                run_detached ocirun create "$id"
                assert_status 0
        done
        assert_equal "$(ocirun list --quiet)" "$ID-a"$'\n'"$ID-b"
        assert_equal "$(ocirun list -q)" "$(ocirun list | awk 'NR > 1 { print $1 }')"
        assert_equal "$(ocirun list -f json | jq -c "map([.id, .status, .pid])")" \
                "[[\"$ID-a\",\"created\",$(container_pid "$ID-a")],[\"$ID-b\",\"created\",$(container_pid "$ID-b")]]"
        assert_equal "$(ocirun list | awk 'NR == 2 { print $2, $3, $4 }')" "$(container_pid "$ID-a") created $PWD"
        run ocirun --root none list
        assert_status 1
        assert_output "ocirun: list: --root: open none: no such file or directory (ENOENT)"
        run ocirun list --format yaml
        assert_status 1
        assert_output_contains '--format: must be one of table|json, not "yaml"'
}

@test "version" {
        run ocirun --version
        assert_status 0
        # docker takes any line that contains the word
        assert_equal "$(grep -c version <<<"$output")" 1
        assert_output_matches '^ocirun version [0-9]+\.[0-9]+\.[0-9]+'
        assert_output_contains $'\nspec: 1.3.0\n'
        assert_equal "$(ocirun -v)" "$output"
        # an engine asks before there is anything
        assert_equal "$("$OCIRUN" --root none --version)" "$output"
}

@test "features is JSON that does not depend on the host" {
        ocirun features >all 2>&1
        assert_equal "$(jq -r '.ociVersionMin, .ociVersionMax' all | paste -sd' ')" "1.0.0 1.3.0"
        assert_equal "$(jq -c '.hooks' all)" \
                '["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]'
        # docker looks for them before it makes mounts read-only recursively
        assert_equal "$(jq '.mountOptions | contains(["rro", "rbind", "ro"])' all)" true
        assert_equal "$(jq '.linux.capabilities | length > 40' all)" true
        if has root; then
                as_user "$OCIRUN" features >other
                cmp all other
                unshare --net --mount sh -c 'umount -l /sys; exec "$0" features' "$OCIRUN" >other
                cmp all other
        fi
}

@test "the log as text and as JSON" {
        echo before >log
        run ocirun --log log state "$ID"
        run ocirun --log file:log --log-format json state "$ID"
        run ocirun --log=log --debug state "$ID"
        assert_equal "$(wc -l <log)" 4
        assert_equal "$(sed -n 1p log)" before
        time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z'
        output=$(sed -n 2p log)
        assert_output_matches "^time=\"$time\" level=error msg=\"state $ID: container \\\\\"$ID\\\\\" does not exist\"\$"
        output=$(sed -n 3p log)
        assert_output_matches "^\{\"level\":\"error\",\"msg\":\"state $ID: .*\",\"time\":\"$time\"\}\$"
        output=$(sed -n 4p log)
        assert_output_matches "level=error"
}

@test "what the log has at each level" {
        bundle web
        config '.process.capabilities.bounding += ["CAP_FOO"]'
        for level in error warning info debug; do
                run_detached ocirun --log "$(log_file)" --log-format json --log-level $level create "$ID"
                assert_status 0
                ocirun delete --force "$ID"
                jq -s -c 'map(.level) | unique' "$(log_file)" >>levels
                rm "$(log_file)"
        done
        assert_equal "$(paste -sd' ' levels)" '[] ["warning"] ["warning"] ["debug","warning"]'
        run_detached ocirun --debug create "$ID"
        assert_output_contains 'level=debug msg="create '"$ID"': state directory"'
        run ocirun --log-level none state "$ID"
        assert_status 1
        assert_output_contains '--log-level: must be one of error|warning|info|debug, not "none"'
}

# In a mount namespace in which the socket at PATH takes one datagram:  with_socket PATH COMMAND...
with_socket() {
        unshare --mount --propagation private -- python3 -c '
import os, socket, subprocess, sys
path = sys.argv[1]
os.makedirs(os.path.dirname(path), exist_ok=True)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path)
subprocess.run(sys.argv[2:], stderr=subprocess.DEVNULL)
s.settimeout(10)
print(repr(s.recv(10000)))' "$@"
}

@test "the log goes to the journal or to syslog" {
        needs root
        run with_socket "$PWD/socket" sh -c '
                mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && touch /run/systemd/journal/socket &&
                mount --bind socket /run/systemd/journal/socket && exec "$@"
        ' sh "$OCIRUN" --root none --log journald:web state "$ID"
        assert_output_contains 'PRIORITY=3\nSYSLOG_IDENTIFIER=ocirun\nID=web\nMESSAGE\n'
        assert_output_contains "container \"$ID\" does not exist\\n"
        rm socket
        run with_socket "$PWD/socket" sh -c '
                touch log; mount -t tmpfs tmpfs /dev && touch /dev/log && mknod /dev/null c 1 3 &&
                mount --bind socket /dev/log && exec "$@"
        ' sh "$OCIRUN" --root none --log syslog:web state "$ID"
        assert_output_matches "^b'<27>.* web.*: state $ID: container \"$ID\" does not exist"
}

# ---- how they write options

@test "options in all their forms, before and after the id" {
        bundle web
        # go-runc: -no-subreaper; people: options after the name
        run ocirun run -no-subreaper "$ID" -bundle="$PWD"
        assert_status 0
        run ocirun -root="$OCIRUN_ROOT" run "$ID" -b "$PWD" --keep --no-new-keyring=true -pid-file pid
        assert_status 0
        assert_exists pid
        run ocirun delete -- "$ID"
        assert_status 0
        run ocirun run --bundel . "$ID"
        assert_status 1
        assert_output_contains "unknown option --bundel (did you mean --bundle?)"
        run ocirun run -x "$ID"
        assert_status 1
        assert_output_contains "unknown option -x"
        run ocirun run --keep=maybe "$ID"
        assert_status 1
        assert_output_contains '--keep: must be one of true|false, not "maybe"'
        # podman finds out like that whether an option is known
        for option in bundle config console-socket pid-file pidfd-socket preserve-fds; do
                run ocirun create "$ID" --$option
                assert_status 1
                assert_output_contains "flag needs an argument: --$option"
        done
        run ocirun --log
        assert_status 1
        assert_output_contains "flag needs an argument: --log"
}

@test "an unknown command says which are known" {
        run ocirun stat "$ID"
        assert_status 1
        assert_equal "${lines[0]}" 'ocirun: unknown command "stat"'
        assert_output_contains "did you mean"
        assert_output_contains "create a container from a bundle"
        run ocirun --log log --log-format json nosuch
        assert_equal "$(jq -r '.level, .msg' log | paste -sd' ')" 'error unknown command "nosuch"'
}

@test "help, of the program and of each command" {
        for command in create delete features kill list run spec start state; do
                run ocirun "$command" --help
                assert_status 0
                assert_output_contains "Usage: ocirun $command [OPTION...]"
                assert_equal "$(ocirun help "$command")" "$output"
                assert_equal "$(ocirun "$command" -h)" "$output"
                assert_equal "$(ocirun --help | grep -c "^  $command ")" 1
        done
}

# ---- their sequences of calls

@test "containerd and docker" {
        bundle web
        config '.process.args = ["sleep", "1000"]'
        docker=(ocirun --log "$(log_file)" --log-format json)
        run_detached "${docker[@]}" create --bundle "$BUNDLE" --pid-file "$PWD/init.pid" "$ID"
        assert_status 0
        run "${docker[@]}" start "$ID"
        assert_status 0
        run "${docker[@]}" kill "$ID" 0
        assert_status 0
        run "${docker[@]}" kill --all "$ID" 9
        assert_status 0
        wait_for_end "$(<init.pid)"
        run "${docker[@]}" kill "$ID" 9
        assert_status 1
        # containerd takes it for a process that has ended, in lower case
        assert_output_contains "container not running"
        assert_equal "$(tail -n 1 "$(log_file)" | jq -r .level)" error
        run "${docker[@]}" delete "$ID"
        assert_status 0
        assert_output ""
        # once more, when it is gone
        run "${docker[@]}" delete --force "$ID"
        assert_status 0
        assert_output ""
        run "${docker[@]}" delete "$ID"
        assert_status 1
        assert_output_contains "does not exist"
}

@test "podman" {
        bundle web
        config '.process.args = ["sh", "-c", "trap \"exit 4\" TERM; mkfifo f; while :; do read x <f; done"]'
        run_detached ocirun --log-format=json --log "$(log_file)" create --bundle "$BUNDLE" --pid-file pidfile "$ID"
        assert_status 0
        run ocirun start "$ID"
        assert_status 0
        # signals that podman itself gets
        run ocirun kill "$ID" 18
        assert_status 0
        run ocirun kill "$ID" 9
        assert_status 0
        wait_for_end "$(<pidfile)"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
        # without --log-format: "--log-level=debug neither --log nor --log-format"
        run_detached ocirun --cgroup-manager disabled create --bundle "$BUNDLE" --pid-file pidfile "$ID"
        assert_status 0
        run ocirun delete --force "$ID"
        assert_status 0
}

@test "buildah" {
        bundle web
        config '.process.args = ["sh", "-c", "exit 3"]'
        run_detached ocirun create --bundle "$BUNDLE" --pid-file pid "$ID"
        assert_status 0
        pid=$(<pid)
        run ocirun start "$ID"
        assert_status 0
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
        # interrupted
        run_detached ocirun create --bundle "$BUNDLE" --pid-file pid "$ID"
        assert_status 0
        run ocirun kill "$ID" SIGKILL
        assert_status 0
        wait_for_end "$(<pid)"
        assert_equal "$(container_status)" stopped
        # errors are read from standard error
        config '.process.args = ["none"]'
        run_detached ocirun create --bundle "$BUNDLE" "$ID-2"
        assert_output "ocirun: create $ID-2: config.json: process.args[0]: exec \"none\": executable file not found in \$PATH
  hint: PATH is /bin"
}

@test "a config.json as podman writes it" {
        needs root machine:x86_64
        bundle web
        config '.process.args = ["sh", "-c", "awk \"{ print \\$5 }\" /proc/self/mountinfo | sort -u | wc -l
                cat /etc/hosts; uname; grep Seccomp: /proc/self/status; swapoff /x"]'
        # shellcheck disable=SC2154 # set by helpers.bash
        "$helpers/podman-config"
        run ocirun run "$ID"
        assert_equal "${lines[1]} ${lines[2]} ${lines[3]}" "# hosts Linux Seccomp:"$'\t'2
        [ "${lines[0]}" -gt 25 ] || fail "only ${lines[0]} mount points"
        # the profile's refusal, and not the program's
        assert_output_matches "swapoff: /x: Operation not permitted"
}

# conmon, as podman and cri-o use it: its answer is in $answer, and the exit status later in exits/$ID.  It goes on in
# the background.
conmon_run() {
        mkdir -p exits sockets
        [ -p sync ] || mkfifo sync
        exec 6<>sync
        _OCI_SYNCPIPE=5 conmon --api-version 1 --runtime "$OCIRUN" --runtime-arg=--root="$OCIRUN_ROOT" \
                --runtime-arg=--log-format=json --runtime-arg=--log="$PWD/runtime.log" --cid "$ID" --cuuid "$ID" \
                --name web --bundle "$BUNDLE" --container-pidfile "$PWD/pid" --conmon-pidfile "$PWD/conmon.pid" \
                --exit-dir "$PWD/exits" --socket-dir-path "$PWD/sockets" --log-path "k8s-file:$PWD/log" "$@" \
                5>sync </dev/null >/dev/null 2>&1 3>&- 6>&-
        read -r -t 20 answer <&6
        exec 6>&-
}

@test "conmon gets the exit status, the output and the terminal" {
        needs command:conmon
        bundle web
        config '.process.args = ["sh", "-c", "echo out; echo err >&2; exit 7"]'
        conmon_run
        assert_equal "$(jq .data <<<"$answer")" "$(<pid)"
        run ocirun start "$ID"
        assert_status 0
        wait_for_end "$(<conmon.pid)"
        assert_equal "$(<"exits/$ID")" 7
        assert_equal "$(awk '{ print $2, $4 }' log | sort | paste -sd' ')" "stderr err stdout out"
        ocirun delete "$ID"

        config '.process.terminal = true | .process.args = ["sh", "-c", "tty; exit 9"]'
        rm log
        conmon_run --terminal
        assert_equal "$(jq .data <<<"$answer")" "$(<pid)"
        run ocirun start "$ID"
        assert_status 0
        wait_for_end "$(<conmon.pid)"
        assert_equal "$(<"exits/$ID")" 9
        assert_equal "$(awk '{ print $4 }' log | tr -d '\r')" /dev/pts/0
}

@test "conmon hands on why a container could not be created" {
        needs command:conmon
        bundle web
        config '.process.args = ["none"]'
        conmon_run
        message="create $ID: config.json: process.args[0]: exec \"none\": executable file not found in \$PATH"
        assert_equal "$(jq -r '.data, .message' <<<"$answer")" "-1"$'\n'"ocirun: $message"$'\n'"  hint: PATH is /bin"
        # podman reads the file as one object
        assert_equal "$(jq -r .msg runtime.log)" "$message; hint: PATH is /bin"
}

# ---- what is only here, and in crun

@test "kill and delete take a regular expression" {
        bundle web
        config '.process.args = ["sh", "-c", "mkfifo f; read x <f"]'
        for i in 1 2 3; do
                run_detached ocirun create "$ID-$i"
                assert_status 0
        done
        pids=$(for i in 1 2; do container_pid "$ID-$i"; done)
        run ocirun kill --regex "^$ID-[12]\$" KILL
        assert_status 0
        for pid in $pids; do
                wait_for_end "$pid"
        done
        assert_equal "$(ocirun list | awk 'NR > 1 { print $3 }' | paste -sd' ')" "stopped stopped created"
        run ocirun delete -r '('
        assert_status 1
        assert_output_contains '--regex: "(" is not a regular expression: '
        # the third one has not ended: an error, but no reason to leave the others
        run ocirun delete -r "^$ID-"
        assert_status 1
        assert_output_contains "$ID-3: cannot delete container $ID-3 that is not stopped: created"
        assert_equal "$(ocirun list -q)" "$ID-3"
        run ocirun delete --force --regex .
        assert_status 0
        assert_equal "$(ocirun list -q)" ""
        # nothing that matches is no error
        run ocirun kill -r none
        assert_status 0
}

@test "what spec writes runs" {
        bundle web
        for option in --bundle="$PWD/spec" --file="$PWD/spec/config.json"; do
                mkdir -p spec
                run ocirun spec "$option"
                assert_status 0
                assert_output ""
                assert_equal "$(jq -r .ociVersion spec/config.json)" 1.3.0
                # nothing is overwritten
                run ocirun spec "$option"
                assert_status 1
                assert_output_contains "file exists (EEXIST)"
                mv spec/config.json config.json
        done
        config '.process.terminal = false | .process.args = ["cat", "/proc/self/status"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output_matches $'Name:\tcat'
        assert_output_matches $'NoNewPrivs:\t1'
}
