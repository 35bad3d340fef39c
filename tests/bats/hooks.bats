#!/usr/bin/env bats
# Hooks: config.md, POSIX-platform Hooks; runtime.md, Lifecycle.

load helpers

all_kinds="prestart createRuntime createContainer startContainer poststart poststop"

setup() {
        setup_test
        bundle web
        # the same file of the host for all kinds: those of the container's root know it as /log
        log=$BUNDLE/rootfs/log
        config '.process.args = ["sh", "-c", "echo program >>log; exec tail -f /dev/null"]'
}

# Add a hook that runs a script, in which $log is the log:  hook KIND SCRIPT [JQ-EXPRESSION-FOR-MORE]
hook() {
        local its_log=$log

        [ "$1" != startContainer ] || its_log=/log
        config --arg kind "$1" --arg script "log=$its_log; $2" \
                '.hooks[$kind] += [{ path: "/bin/sh", args: ["sh", "-c", $script] } + '"${3:-{\}}"']'
}

# One for each kind, in the reverse of the order in which they run: $kind is known to the script.
hook_each() {
        local kind

        for kind in $(tac -s ' ' <<<"$all_kinds "); do
                hook "$kind" "kind=$kind; $1" "${2:-}"
        done
}

# What the log has of a kind, as `echo "$kind ..." >>$log` wrote it.
logged() {
        sed -n "s/^$1 //p" "$log"
}

create() {
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
}

live_and_die() {
        create
        assert_status 0
        run_detached ocirun start "$ID"
        assert_status 0
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
}

@test "the kinds run in the order of the lifecycle, those of one kind as they are listed" {
        for kind in $all_kinds; do
                hook "$kind" "echo $kind-1 >>\$log"
                hook "$kind" "echo $kind-2 >>\$log"
        done
        # the program's line is its own process's; poststart must not come first, or the two could change places
        config '.hooks.poststart[0].args[2] |= "until grep -q program \($log); do :; done; " + .' --arg log "$log"

        create
        assert_status 0
        # config.md: "Hooks MUST be called in the listed order"; "The prestart hooks MUST be called before the
        # createRuntime hooks"; "The createContainer hooks MUST be called after the createRuntime hooks"
        assert_equal "$(paste -sd' ' "$log")" \
                "prestart-1 prestart-2 createRuntime-1 createRuntime-2 createContainer-1 createContainer-2"
        : >"$log"
        run_detached ocirun start "$ID"
        assert_status 0
        # "The startContainer hooks MUST be called before the user-specified process is executed"; "The poststart hooks
        # MUST be called after the user-specified process is executed but before the start operation returns"
        assert_equal "$(paste -sd' ' "$log")" \
                "startContainer-1 startContainer-2 program poststart-1 poststart-2"
        : >"$log"
        run ocirun delete --force "$ID"
        assert_status 0
        # "The poststop hooks MUST be called after the container is deleted but before the delete operation returns"
        assert_equal "$(paste -sd' ' "$log")" "poststop-1 poststop-2"
}

@test "run calls all kinds" {
        hook_each 'echo $kind >>$log'
        config '.process.args = ["sh", "-c", "echo program >>log; until grep -q poststart log; do :; done"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_status 0
        assert_equal "$(sort "$log" | paste -sd' ')" \
                "createContainer createRuntime poststart poststop prestart program startContainer"
        assert_equal "$(tail -n 1 "$log")" poststop
}

@test "the namespaces of each kind" {
        local kind namespace pid
        local namespaces="cgroup ipc mnt net pid uts"
        hook_each "for n in $namespaces; do echo \$kind \$n \$(readlink /proc/self/ns/\$n) >>\$log; done"
        create
        assert_status 0
        pid=$(container_pid)
        for namespace in $namespaces; do
                declare "inside_$namespace=$(readlink "/proc/$pid/ns/$namespace")"
        done
        ocirun start "$ID"
        run ocirun delete --force "$ID"
        assert_status 0

        # "The prestart [createRuntime, poststart, poststop] hooks MUST be executed in the runtime namespace", and "The
        # createContainer [startContainer] hooks MUST be executed in the container namespace"
        for namespace in $namespaces; do
                for kind in prestart createRuntime poststart poststop; do
                        assert_equal "$kind $(logged "$kind $namespace")" "$kind $(readlink "/proc/self/ns/$namespace")"
                done
                inside=inside_$namespace
                for kind in createContainer startContainer; do
                        assert_equal "$kind $(logged "$kind $namespace")" "$kind ${!inside}"
                done
        done
}

@test "the namespaces of each kind, with a user and a time namespace" {
        local kind namespace pid
        needs userns
        hook_each 'for n in user time pid; do echo $kind $n $(readlink /proc/self/ns/$n) >>$log; done
                echo $kind uid $(id -u) >>$log'
        config '.linux.namespaces += [{ type: "user" }, { type: "time" }] | .linux.uidMappings = [
                { containerID: 0, hostID: 100000, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
        touch "$log"
        chown -R -h 100000:100000 rootfs
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        create
        assert_status 0
        pid=$(container_pid)
        for namespace in user time pid; do
                declare "inside_$namespace=$(readlink "/proc/$pid/ns/$namespace")"
        done
        ocirun start "$ID"
        run ocirun delete --force "$ID"
        assert_status 0
        # "The createContainer hooks MUST be executed in the container namespace", whose root is one of its users
        for namespace in user time pid; do
                inside=inside_$namespace
                for kind in prestart createRuntime poststart poststop; do
                        assert_equal "$kind $(logged "$kind $namespace")" "$kind $(readlink "/proc/self/ns/$namespace")"
                done
                for kind in createContainer startContainer; do
                        assert_equal "$kind $(logged "$kind $namespace")" "$kind ${!inside}"
                        assert_equal "$kind $(logged "$kind uid")" "$kind 0"
                done
        done
}

@test "paths resolve in the namespace of each kind" {
        # a program of the host, and one of the container's root, that the other one does not have
        printf '#!/bin/sh\necho $1 >>%s\n' "$log" >"$BATS_TEST_TMPDIR/on-host"
        printf '#!/bin/sh\necho $1 >>/log\n' >rootfs/bin/in-root
        chmod +x "$BATS_TEST_TMPDIR/on-host" rootfs/bin/in-root
        for kind in $all_kinds; do
                path=$BATS_TEST_TMPDIR/on-host
                # "The startContainer hooks' path MUST resolve in the container namespace"; createContainer's, though it
                # runs in the container's namespaces, "MUST resolve in the runtime namespace"
                [ "$kind" != startContainer ] || path=/bin/in-root
                config --arg kind "$kind" --arg path "$path" '.hooks[$kind] = [{ path: $path, args: ["hook", $kind] }]'
        done
        live_and_die
        assert_equal "$(grep -v program "$log" | paste -sd' ')" "$all_kinds"
}

@test "the state on standard input" {
        local kind pid
        config '.annotations = { "com.example.key": "a value" }'
        hook_each 'echo "$kind $(cat)" >>$log'
        create
        assert_status 0
        pid=$(container_pid)
        ocirun start "$ID"
        run ocirun delete --force "$ID"
        assert_status 0

        # "The state of the container MUST be passed to hooks over stdin"
        for kind in $all_kinds; do
                assert_equal "$(logged "$kind" | jq -r '.ociVersion, .id, .bundle, .annotations["com.example.key"]' | paste -sd' ')" \
                        "1.3.0 $ID $BUNDLE a value"
        done
        # runtime.md, State: "creating: the container is being created (step 2 in the lifecycle)" and so on; "For hooks
        # executed in the runtime namespace, it is the pid as seen by the runtime. For hooks executed in the container
        # namespace, it is the pid as seen by the container."
        assert_equal "$(logged prestart | jq -c '[.status, .pid]')" "[\"creating\",$pid]"
        assert_equal "$(logged createRuntime | jq -c '[.status, .pid]')" "[\"creating\",$pid]"
        assert_equal "$(logged createContainer | jq -c '[.status, .pid]')" '["creating",1]'
        assert_equal "$(logged startContainer | jq -c '[.status, .pid]')" '["created",1]'
        assert_equal "$(logged poststart | jq -c '[.status, .pid]')" "[\"running\",$pid]"
        assert_equal "$(logged poststop | jq -r '.status')" stopped
}

@test "the state's pid without a pid namespace is the same for all" {
        config '.linux.namespaces |= map(select(.type != "pid"))'
        hook_each 'echo "$kind $(cat)" >>$log'
        create
        assert_status 0
        pid=$(container_pid)
        run ocirun start "$ID"
        assert_status 0
        for kind in prestart createContainer startContainer poststart; do
                assert_equal "$kind $(logged "$kind" | jq .pid)" "$kind $pid"
        done
}

@test "a hook need not read the state" {
        config '.annotations.large = ("x" * 200000)'
        hook_each 'exec <&-; echo $kind >>$log'
        live_and_die
        assert_equal "$(grep -v program "$log" | paste -sd' ')" "$all_kinds"
}

@test "a large state" {
        config '.annotations.large = ("x" * 200000)'
        hook prestart 'dd bs=7000 2>/dev/null >$log'
        create
        assert_status 0
        assert_equal "$(jq '.annotations.large | length' "$log")" 200000
}

@test "the environment is exactly the hook's own" {
        export OCIRUN_SECRET=leaked
        # what the shell itself was started with, by its number in this /proc: "env (array of strings, OPTIONAL) with the
        # same semantics as [...] environ"
        hook_each 'read -r pid rest </proc/self/stat; echo "$kind $(tr "\0" , </proc/$pid/environ)" >>$log' '{ env: ["B=2", "A=1", "A=again", "odd"] }'
        for kind in $all_kinds; do
                config --arg kind "$kind" '.hooks[$kind] += [.hooks[$kind][0] | del(.env)]'
        done
        live_and_die
        for kind in $all_kinds; do
                assert_equal "$kind: $(logged "$kind" | paste -sd'|')" "$kind: B=2,A=1,A=again,odd,|"
        done
}

@test "arguments" {
        # "args (array of strings, OPTIONAL) with the same semantics as [...] execv's argv": the first is the name
        hook prestart 'echo "prestart $(tr "\0" "|" </proc/$$/cmdline)" >>$log'
        config '.hooks.prestart[0].args = ["a name", "-c", .hooks.prestart[0].args[2], "x y", ""]'
        create
        assert_status 0
        assert_equal "$(sed -E 's/^prestart (a name.-c.).*( >>.log)/\1/' "$log")" 'a name|-c||x y||'
}

@test "without args the program's name is its path" {
        printf '#!/bin/sh\ntr "\\0" "|" </proc/$$/cmdline >%s\n' "$log" >"$BATS_TEST_TMPDIR/on-host"
        chmod +x "$BATS_TEST_TMPDIR/on-host"
        config --arg path "$BATS_TEST_TMPDIR/on-host" '.hooks.prestart = [{ path: $path }]'
        create
        assert_status 0
        # the kernel puts the script's interpreter in front
        assert_equal "$(<"$log")" "/bin/sh|$BATS_TEST_TMPDIR/on-host|"
}

@test "the working directory" {
        hook_each 'echo $kind $(pwd) >>$log'
        cd /usr
        live_and_die
        # the specification is silent; as runc: the bundle for hooks of create and start in the runtime's namespaces
        for kind in prestart createRuntime poststart; do
                assert_equal "$kind $(logged "$kind")" "$kind $BUNDLE"
        done
        assert_equal "$(logged createContainer)" "$BUNDLE/rootfs"
        assert_equal "$(logged startContainer)" /
        assert_equal "$(logged poststop)" /usr
}

@test "no descriptor but 0 to 2, and default signals" {
        # 3 is the directory that the shell itself reads for the pattern
        hook_each 'echo $kind $(cd /proc/self/fd; echo *) >>$log
                grep -E "^Sig(Blk|Ign)" /proc/self/status | sed "s/^/$kind /" >>$log'
        run_detached sh -c 'trap "" HUP USR1; exec "$@" 3</dev/null 4</dev/null 5</dev/null 9</dev/null' sh \
                "$OCIRUN" --root "$OCIRUN_ROOT" create --bundle "$BUNDLE" --preserve-fds 3 "$ID"
        assert_status 0
        ocirun start "$ID" 9</dev/null
        ocirun delete --force "$ID" 9</dev/null
        for kind in $all_kinds; do
                # glibc keeps 32 and 33, which are its own, ignored in what it spawns
                assert_equal "$kind $(logged "$kind" | tr -d '\t' | sed 's/180000000$/0/' | paste -sd' ')" \
                        "$kind 0 1 2 3 SigBlk:0000000000000000 SigIgn:00000000"
        done
}

@test "the root is not yet that of the container when create calls hooks" {
        local kind
        hook_each 'pid=$(jq .pid 2>/dev/null || echo self); [ $kind != createContainer ] || pid=self
                [ -e /proc/$pid/root'"$BUNDLE"'/config.json ] && echo $kind host >>$log || echo $kind container >>$log
                echo $kind $(sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* '"$BUNDLE"'/rootfs/\\(dev/pts\\) .*,\\1,p" /proc/$pid/mountinfo) >>$log'
        live_and_die
        # "after the runtime environment has been created (according to the configuration in config.json) but before the
        # pivot_root or any equivalent operation has been executed"; "hooks authors, should only expect from the runtime
        # that the mount namespace have been created and the mount operations performed"
        for kind in prestart createRuntime createContainer; do
                assert_equal "$kind $(logged $kind | paste -sd' ')" "$kind host dev/pts"
        done
        assert_equal "$(logged startContainer)" container
}

@test "prestart and createRuntime hooks can change the container's namespaces" {
        # "they provide an opportunity to customize the container (e.g. the network namespace [...])"
        hook prestart 'nsenter --net=/proc/$(jq .pid)/ns/net ip link set lo alias from-prestart'
        hook createRuntime 'nsenter --uts=/proc/$(jq .pid)/ns/uts hostname from-createRuntime'
        run_container 'cat /sys/class/net/lo/ifalias; hostname'
        assert_status 0
        assert_output "from-prestart
from-createRuntime"
}

@test "a mount that a createContainer hook makes in the root is the container's alone" {
        hook createContainer 'mount -t tmpfs none '"$BUNDLE"'/rootfs/tmp && echo inside >'"$BUNDLE"'/rootfs/tmp/file'
        run_container 'cat /tmp/file'
        assert_status 0
        assert_output inside
        refute_exists rootfs/tmp/file
}

@test "hooks may call the runtime: state and list" {
        local state="$OCIRUN --root $OCIRUN_ROOT state $ID"
        for kind in prestart createRuntime poststart; do
                hook $kind "echo $kind \$($state | tr -d '\n') >>\$log"
        done
        # it is gone by then
        hook poststop "$state 2>>\$log; $OCIRUN --root $OCIRUN_ROOT list -q >>\$log"
        live_and_die
        assert_equal "$(logged prestart | jq -r .status)" creating
        assert_equal "$(logged createRuntime | jq -r .status)" creating
        assert_equal "$(logged poststart | jq -r .status)" running
        assert_equal "$(tail -n 1 "$log")" "ocirun: state $ID: container \"$ID\" does not exist"
}

@test "a poststart hook may kill the container" {
        hook poststart "$OCIRUN --root $OCIRUN_ROOT kill $ID KILL"
        create
        pid=$(container_pid)
        run_detached ocirun start "$ID"
        assert_status 0
        assert_output ""
        wait_for_end "$pid"
        run ocirun delete "$ID"
        assert_status 0
}

# ---- failing

# What a create that failed must leave.
refute_container() {
        run ocirun state "$ID"
        assert_status 1
        assert_output_contains "does not exist"
        assert_equal "$(list_debris)" ""
}

@test "a prestart, createRuntime or createContainer hook that fails ends create" {
        local kind
        cp config.json whole.json
        for kind in prestart createRuntime createContainer; do
                cp whole.json config.json
                rm -f "$log"
                hook_each 'echo $kind >>$log'
                hook $kind 'echo failing >>$log; echo "no luck" >&2; exit 3'
                hook $kind 'echo too late >>$log'
                create
                # runtime.md, Lifecycle, steps 3 to 5: "If any [...] hook fails, the runtime MUST generate an error, stop
                # the container, and continue the lifecycle at step 12."
                assert_status 1
                assert_output "ocirun: create $ID: config.json: hooks.${kind}[1]: /bin/sh: exit status 3: no luck"
                refute_container
                # step 13: "The poststop hooks MUST be invoked by the runtime."
                assert_equal "$(tail -n 2 "$log" | paste -sd' ')" "failing poststop"
                assert_equal "$(sed -n "/$kind/,\$p" "$log" | paste -sd' ')" "$kind failing poststop"
        done
}

@test "run with a hook that fails" {
        local kind
        cp config.json whole.json
        for kind in prestart createContainer startContainer poststart; do
                cp whole.json config.json
                rm -f "$log"
                hook $kind 'echo "no luck" >&2; exit 3'
                hook poststop 'echo poststop >>$log'
                run_container 'exec tail -f /dev/null'
                assert_status 1
                assert_output "ocirun: run $ID: config.json: hooks.${kind}[0]: /bin/sh: exit status 3: no luck"
                assert_equal "$kind $(<"$log")" "$kind poststop"
                refute_container
        done
}

@test "a startContainer hook that fails stops the container and removes it" {
        hook startContainer 'echo "no luck" >&2; exit 3'
        hook poststart 'echo poststart >>$log'
        hook poststop 'jq -r .status >>$log'
        create
        assert_status 0
        run_detached ocirun start "$ID"
        # runtime.md, Lifecycle, step 7: "If any startContainer hook fails, the runtime MUST generate an error, stop the
        # container, and continue the lifecycle at step 12."
        assert_status 1
        assert_output "ocirun: start $ID: config.json: hooks.startContainer[0]: /bin/sh: exit status 3: no luck"
        assert_equal "$(<"$log")" stopped
        refute_container
}

@test "a poststart hook that fails stops the container and removes it" {
        hook poststart 'echo poststart >>$log; echo "no luck" >&2; exit 3'
        hook poststart 'echo too late >>$log'
        hook poststop 'echo $(jq -r .status) >>$log'
        config '.process.args = ["tail", "-f", "/dev/null"]'
        create
        assert_status 0
        run_detached ocirun start "$ID"
        # runtime-spec 1.3, step 9: "If any poststart hook fails, the runtime MUST generate an error, stop the container,
        # and continue the lifecycle at step 12."
        assert_status 1
        assert_output "ocirun: start $ID: config.json: hooks.poststart[0]: /bin/sh: exit status 3: no luck"
        assert_equal "$(paste -sd' ' "$log")" "poststart stopped"
        refute_container
}

@test "a poststop hook that fails is a warning, and the others run" {
        hook poststop 'echo first >>$log; echo "no luck" >&2; exit 3'
        hook poststop 'echo second >>$log; kill -SEGV $$'
        hook poststop 'echo third >>$log'
        create
        assert_status 0
        run ocirun delete --force "$ID"
        # step 13: "If any poststop hook fails, the runtime MUST log a warning, but the remaining hooks and lifecycle
        # continue as if the hook had succeeded."
        assert_status 0
        assert_output_contains "warning: hooks.poststop[0]: /bin/sh: exit status 3: no luck"
        assert_output_contains "warning: hooks.poststop[1]: /bin/sh: killed by SIGSEGV"
        assert_equal "$(paste -sd' ' "$log")" "first second third"
        refute_container
}

@test "delete calls poststop hooks once, and not before the container is stopped" {
        hook poststop 'echo poststop >>$log'
        config '.process.args = ["tail", "-f", "/dev/null"]'
        create
        assert_status 0
        run ocirun delete "$ID"
        assert_status 1
        refute_exists "$log"
        run ocirun delete --force "$ID"
        assert_status 0
        run ocirun delete --force "$ID"
        assert_status 0
        assert_equal "$(<"$log")" poststop
}

@test "the error has what the hook wrote, safe to print" {
        hook prestart 'echo out; printf "one\n\n\ttwo \033[31mred\033[0m caf\303\251\n" >&2; exit 1'
        create
        assert_status 1
        assert_output_contains "exit status 1: out; one; two [31mred [0m café"
        config '.hooks.prestart[0].args[2] = "yes | head -n 500000; echo the end; exit 1"'
        create
        assert_status 1
        assert_output_contains "exit status 1: ... "
        assert_output_contains "y; y; the end"
        [ ${#output} -lt 2000 ] || fail "${#output} bytes"
}

@test "how a hook ended" {
        hook prestart 'kill -KILL $$'
        create
        assert_status 1
        assert_output "ocirun: create $ID: config.json: hooks.prestart[0]: /bin/sh: killed by SIGKILL"
        config '.hooks.prestart[0].path = "/no/such/hook"'
        create
        assert_status 1
        assert_output "ocirun: create $ID: config.json: hooks.prestart[0]: execute /no/such/hook: no such file or directory (ENOENT)"
        config --arg path "$BUNDLE/config.json" '.hooks.prestart[0].path = $path'
        create
        assert_status 1
        assert_output_contains "hooks.prestart[0]: execute $BUNDLE/config.json: permission denied (EACCES)"
        assert_output_contains "the file is not executable"
        refute_container
}

@test "path must be absolute, and timeout greater than zero" {
        local timeout
        hook poststop ':'
        # config.md: "This specification extends the IEEE standard in that path MUST be absolute."
        config '.hooks.poststop += [.hooks.poststop[0] | .path = "bin/sh"]'
        create
        assert_status 1
        assert_output "ocirun: create $ID: config.json: hooks.poststop[1].path: must be an absolute path, not \"bin/sh\""
        # "If set, timeout MUST be greater than zero."
        for timeout in 0 -1; do
                config ".hooks.poststop[1] = (.hooks.poststop[0] | .timeout = $timeout)"
                create
                assert_status 1
                assert_output_matches "hooks.poststop\[1\].timeout: must be from 1 to [0-9]+ seconds, not $timeout"
        done
        refute_container
}

# ---- time

@test "a hook that takes longer than its timeout is killed with its children" {
        # the pipe ends when neither is left
        mkfifo alive
        hook prestart "exec 7>$BUNDLE/alive; sleep 1000 & echo waiting >&2; wait" '{ timeout: 1 }'
        cat alive >rest &
        create
        # config.md: "timeout (int, OPTIONAL) is the number of seconds before aborting the hook"
        assert_status 1
        assert_output "ocirun: create $ID: config.json: hooks.prestart[0]: /bin/sh: timed out after 1 s: waiting"
        wait_for_end $!
        refute_container
}

@test "a hook of any kind that takes too long ends the container" {
        local kind
        cp config.json whole.json
        for kind in createRuntime createContainer startContainer poststart; do
                cp whole.json config.json
                rm -f "$log"
                hook $kind 'sleep 1000 & echo waiting >&2; wait' '{ timeout: 1 }'
                hook poststop 'echo poststop >>$log'
                config '.process.args = ["tail", "-f", "/dev/null"]'
                run_detached ocirun run --detach "$ID"
                assert_status 1
                assert_output "ocirun: run $ID: config.json: hooks.${kind}[0]: /bin/sh: timed out after 1 s: waiting"
                assert_equal "$kind $(<"$log")" "$kind poststop"
                refute_container
        done
}

@test "a hook that is done before its timeout is not waited for" {
        hook prestart 'echo $kind >>$log' '{ timeout: 1000 }'
        create
        assert_status 0
}

@test "a poststop hook that takes longer than its timeout is a warning" {
        hook poststop 'sleep 1000' '{ timeout: 1 }'
        hook poststop 'echo next >>$log'
        create
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output_contains "warning: hooks.poststop[0]: /bin/sh: timed out after 1 s"
        assert_equal "$(<"$log")" next
}

@test "what a hook leaves in the background does not keep create waiting" {
        mkfifo "$BUNDLE/stop"
        hook prestart "(cat $BUNDLE/stop) & echo started >>\$log"
        create
        assert_status 0
        assert_equal "$(<"$log")" started
        # it lives on
        timeout 10 sh -c "echo >$BUNDLE/stop"
}
