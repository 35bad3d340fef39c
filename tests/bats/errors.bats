#!/usr/bin/env bats
# What a user, and an engine, gets to read when something is wrong: the place, the object, the reason, and where it
# helps a hint; and that nothing is left behind.

load helpers

# The command must fail with this message, which may have a line of its own with a hint: on standard error for people,
# and with --log for engines, of which some parse the whole file as one object.
#
#     assert_fails MESSAGE COMMAND...
assert_fails() {
        local message=$1

        shift
        rm -f "$BATS_TEST_TMPDIR/log"
        run_detached ocirun --log "$BATS_TEST_TMPDIR/log" --log-format json "$@"
        assert_status 1
        assert_output "ocirun: $message"
        log_is "${message/$'\n'  hint: /; hint: }"
}

log_is() {
        assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/log")" 1
        # fromdateiso8601 takes no fractions
        jq --exit-status --arg msg "$1" '
                .level == "error" and .msg == $msg and (.time | sub("[.][0-9]{9}Z$"; "Z") | fromdateiso8601 > 1700000000)
        ' "$BATS_TEST_TMPDIR/log" >/dev/null || fail "expected in the log: $1" "got: $(<"$BATS_TEST_TMPDIR/log")"
}

# Quicker than assert_no_debris, which teardown calls: the state directory is what is removed last.
nothing_is_left() {
        assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
}

# Change the configuration of the tests:  assert_refused JQ MESSAGE
assert_refused() {
        # shellcheck disable=SC2154 # set by helpers.bash
        cp "$helpers/config.json" config.json
        config "$1"
        assert_fails "create $ID: config.json: $2" create "$ID"
        nothing_is_left
}

# Write config.json:  assert_refused_text TEXT MESSAGE
assert_refused_text() {
        printf %s "$1" >config.json
        assert_fails "create $ID: config.json: $2" create "$ID"
        nothing_is_left
}

hint='
  hint:'

# ---- config.json

@test "a value that is wrong is named by its path and quoted" {
        bundle web
        assert_refused '.process.user.uid = "root"' 'process.user.uid: must be a number, not "root"'
        assert_refused '.process.user.uid = 4294967296' 'process.user.uid: must be from 0 to 4294967295, not 4294967296'
        assert_refused '.process.args = "sh"' 'process.args: must be an array of strings, not "sh"'
        assert_refused '.process.args = []' 'process.args: must have at least one entry'
        assert_refused '.process.env = ["PATH=/bin", "A"]' 'process.env[1]: must be NAME=VALUE, not "A"'
        assert_refused '.process.cwd = "tmp"' 'process.cwd: must be an absolute path, not "tmp"'
        assert_refused 'del(.process.cwd)' 'process.cwd: is required, and missing'
        assert_refused '.process.rlimits = [{ "type": "RLIMIT_FOO", "soft": 1, "hard": 1 }]' \
                'process.rlimits[0].type: "RLIMIT_FOO" is not a resource limit of Linux
  hint: a name of getrlimit(2), such as RLIMIT_NOFILE'
        assert_refused '.process.oomScoreAdj = 5000' 'process.oomScoreAdj: must be from -1000 to 1000, not 5000'
        assert_refused '.mounts[2].destination = ""' 'mounts[2].destination: must not be empty'
        assert_refused '.mounts += [{ "destination": "/x", "type": "bind", "source": "/etc", "options": ["bind", "blorb"] }]' \
                "mounts[6].options: \"blorb\" is not an option of a bind mount$hint options of a file system go with a\
 mount of that type, without bind and rbind"
        assert_refused '.linux.namespaces[0].type = "foo"' "linux.namespaces[0].type: \"foo\" is no type of namespace$hint types\
 are cgroup, ipc, mount, network, pid, time, user, uts"
        assert_refused '.linux.maskedPaths = ["proc/kcore"]' \
                'linux.maskedPaths[0]: must be an absolute path, not "proc/kcore"'
        assert_refused '.linux.seccomp = { "defaultAction": "SCMP_ACT_X" }' \
                'linux.seccomp.defaultAction: SCMP_ACT_X is not a seccomp action
  hint: one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_LOG, '"SCMP_ACT_NOTIFY, SCMP_ACT_TRACE, SCMP_ACT_TRAP"
        assert_refused '.linux.resources.memory.limit = -5' \
                'linux.resources.memory.limit: must be a number of bytes, or -1 for no limit, not -5'
        assert_refused '.linux.sysctl = { "kernel.sysrq": "1" }' "linux.sysctl.kernel.sysrq: is not in a separate kernel\
 namespace: it would change the host$hint set it on the host: sysctl -w kernel.sysrq=..."
        assert_refused '.hooks.prestart = [{ "path": "bin/true" }]' \
                'hooks.prestart[0].path: must be an absolute path, not "bin/true"'
        assert_refused '.ociVersion = "9.0.0"' 'ociVersion: 9.0.0 is newer than 1.3.0, which this ocirun supports'
}

@test "a NUL character is refused, and what an escape sequence says is not done" {
        bundle web
        # a string that the kernel would take for a shorter one
        assert_refused '.process.args = ["a\u0000b"]' 'process.args[0]: must not contain a NUL character'
        assert_refused '.process.env = ["PATH=/bin", "A\u0000B=1"]' 'process.env[1]: must not contain a NUL character'
        assert_refused '.root.path = "rootfs\u0000x"' 'root.path: must not contain a NUL character'
        assert_refused '.hostname = "a\u0000b"' 'hostname: must not contain a NUL character'

        config '.hostname = "test" | .process.args = ["/\u001b[31m\n\u009b/"]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains 'exec /\x1b[31m\x0a\xc2\x9b/: no such file or directory (ENOENT)'
        rm "$BATS_TEST_TMPDIR/log"
        run_detached ocirun --log "$BATS_TEST_TMPDIR/log" --log-format json create "$ID"
        # in JSON the text is what it was
        assert_equal "$(jq -r '.msg | test("exec /\u001b\\[31m\n\u009b/: no such file")' "$BATS_TEST_TMPDIR/log")" true
}

@test "what is no JSON has a line and a column" {
        bundle web
        assert_refused_text '' 'line 1, column 1: not valid JSON: premature EOF'
        assert_refused_text $'{\n  "ociVersion": "1.3.0",\n' 'line 3, column 1: not valid JSON: premature EOF'
        assert_refused_text $'{\n  "ociVersion": "1.3.0",\n}' \
                'line 3, column 1: not valid JSON: invalid object key (must be a string)'
        assert_refused_text '{"ociVersion":"1.3.0"} x' 'line 1, column 24: not valid JSON: trailing garbage'
        assert_refused_text '[]' 'must be an object'
        assert_refused_text null 'must be an object'
        # of two values, one would be checked by whoever wrote the file and the other be used here
        assert_refused_text '{"ociVersion":"1.3.0","hostname":"a","hostname":"b"}' 'hostname: occurs twice'
        assert_refused_text '{"ociVersion":"1.3.0","hostname":"a","host\u006eame":"b"}' 'hostname: occurs twice'
}

@test "nesting, and the size of config.json, have a limit" {
        bundle web
        python3 -c 'print("{\"a\":" * 65 + "1" + "}" * 65)' >config.json
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains ": nested more than 64 levels deep"
        python3 -c 'print("{\"a\":" * 500000)' >config.json
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains ": nested more than 64 levels deep"
        jq '.annotations.a = "x" * 5000000' "$helpers/config.json" >config.json
        assert_fails "create $ID: config.json is larger than 4194304 bytes" create "$ID"
}

@test "config.json must be a file" {
        bundle web
        rm config.json
        assert_fails "create $ID: open config.json: no such file or directory (ENOENT)$hint a bundle is a directory with\
 config.json and a root file system; \`ocirun spec\` writes a config.json" create "$ID"
        # nobody writes to it: the runtime must not wait
        mkfifo config.json
        assert_fails "create $ID: config.json is not a regular file" create "$ID"
        ln -sf /dev/zero config.json
        assert_fails "create $ID: config.json is not a regular file" create "$ID"
        ln -sfn . config.json
        assert_fails "create $ID: config.json is not a regular file" create "$ID"
        ln -sfn config.json config.json
        assert_fails "create $ID: open config.json: too many levels of symbolic links (ELOOP)" create "$ID"
        rm config.json
        cp "$helpers/config.json" other.json
        config() { :; }
        assert_fails "create $ID: open none.json: no such file or directory (ENOENT)" create --config none.json "$ID"
        run_detached ocirun create --config other.json "$ID"
        assert_status 0
}

# ---- what the system refuses

@test "a root that is not there, or is no directory" {
        bundle web
        ln -s rootfs link
        assert_refused 'del(.root)' "root: is required, and missing$hint for example \"root\": { \"path\": \"rootfs\" }, relative\
 to the bundle"
        assert_refused '.root.path = "none"' 'root.path: open none: no such file or directory (ENOENT)
  hint: a relative path begins in the bundle'
        assert_refused '.root.path = "link"' 'root.path: link must be a directory, and is a symbolic link'
        assert_refused '.root.path = ""' 'root.path: must not be empty'
}

@test "a namespace that cannot be joined" {
        bundle web
        assert_refused '.linux.namespaces[1].path = "/no/such"' \
                'linux.namespaces[1].path: open /no/such: no such file or directory (ENOENT)'
        assert_refused '.linux.namespaces[1].path = "/etc/passwd"' "linux.namespaces[1].path: /etc/passwd is no namespace$hint\
 a path such as /proc/PID/ns/net or /run/netns/NAME is expected"
        assert_refused '.linux.namespaces += [{ "type": "pid" }]' \
                'linux.namespaces[6].type: there is already a namespace of type pid'
}

@test "a mount that the kernel refuses" {
        bundle web
        # the kernel names the option itself
        assert_refused '.mounts[0].options = ["blorb"]' \
                "mounts[0].options: mount proc on /proc: proc: Unknown parameter 'blorb': invalid argument (EINVAL)"
        assert_refused '.mounts += [{ "destination": "/tmp", "type": "tmpfs", "source": "t", "options": ["size=a"] }]' \
                "mounts[6].options: mount tmpfs on /tmp: tmpfs: Bad value for 'size': invalid argument (EINVAL)"
        assert_refused '.mounts[0].type = "foofs"' "mounts[0].type: mount foofs on /proc: no such device (ENODEV)$hint the kernel\
 does not know this file system; /proc/filesystems lists those it knows"
        assert_refused '.mounts += [{ "destination": "/x", "source": "/no/such", "options": ["bind"] }]' \
                'mounts[6].source: open /no/such: no such file or directory (ENOENT)'
}

@test "a program that cannot be executed" {
        bundle web
        echo '#!/no/interpreter' >rootfs/script
        echo 'no program' >rootfs/text
        chmod a+x rootfs/script rootfs/text
        # podman and docker look for these words, to end with 127 or 126
        assert_refused '.process.args = ["none"]' 'process.args[0]: exec "none": executable file not found in $PATH
  hint: PATH is /bin'
        assert_refused '.process.args = ["/none"]' 'process.args[0]: exec /none: no such file or directory (ENOENT)'
        assert_refused '.process.args = ["/bin/sh/x"]' 'process.args[0]: exec /bin/sh/x: not a directory (ENOTDIR)'
        assert_refused '.process.args = ["/bin"]' 'process.args[0]: exec /bin: is a directory (EISDIR)'
        touch rootfs/data
        chmod 644 rootfs/data
        assert_refused '.process.args = ["/data"]' "process.args[0]: exec /data: permission denied (EACCES)$hint the mode of\
 /data is 0644 and its owner 0:0: user 0 may not execute it"
        # what only the kernel can tell, at execve
        config '.process.args = ["/script"]'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "process.args[0]: exec /script: no such file or directory (ENOENT)"
        nothing_is_left
        config '.process.args = ["/text"]'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "process.args[0]: exec /text: exec format error (ENOEXEC)"
}

@test "a hook that fails, hangs or is missing" {
        bundle web
        assert_refused '.hooks.createRuntime = [{ "path": "/bin/true" }, { "path": "/bin/false" }]' \
                'hooks.createRuntime[1]: /bin/false: exit status 1'
        assert_refused '.hooks.prestart = [{ "path": "/bin/sh", "args": ["sh", "-c", "echo why >&2; exit 3"] }]' \
                'hooks.prestart[0]: /bin/sh: exit status 3: why'
        assert_refused '.hooks.createContainer = [{ "path": "/bin/sh", "args": ["sh", "-c", "kill -KILL $$"] }]' \
                'hooks.createContainer[0]: /bin/sh: killed by SIGKILL'
        assert_refused '.hooks.createRuntime = [{ "path": "/bin/sleep", "args": ["sleep", "100"], "timeout": 1 }]' \
                'hooks.createRuntime[0]: /bin/sleep: timed out after 1 s'
        assert_refused '.hooks.createRuntime = [{ "path": "/no/hook" }]' \
                'hooks.createRuntime[0]: execute /no/hook: no such file or directory (ENOENT)'
}

@test "a memory limit that does not let the container start is named" {
        needs root
        bundle web
        config '.linux.resources.memory.limit = 4096'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "linux.resources.memory.limit"
        assert_output_contains "too small"
        nothing_is_left
}

@test "a CPU that the host does not have" {
        needs root
        has cgroup1:cpuset || needs cgroup2:cpuset
        bundle web
        config '.linux.resources.cpu.cpus = "1022-1023"'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains 'config.json: linux.resources.cpu.cpus: write "1022-1023" to cpuset.cpus: '
        assert_output_contains "hint: the cgroup above has the CPUs 0"
        nothing_is_left
}

# ---- the life of a container

@test "an id that is none" {
        bundle web
        for id in a/b .. . '' 'a b' 'é' "$(printf '%0241d' 0)"; do
                run_detached ocirun create -- "$id"
                assert_status 1
                assert_output_matches '(container id|container id is)'
                nothing_is_left
        done
        rule='it consists of letters, digits and the characters _+-. and does not begin with a dot'
        for command in create start state kill delete; do
                assert_fails "$command ../x: \"../x\" is not a container id: $rule" "$command" ../x
        done
        assert_fails "delete ../x: \"../x\" is not a container id: $rule" delete --force ../x
        assert_fails "state: missing argument ID$hint usage: ocirun state [OPTION...] ID" state
        assert_fails "state a: unexpected argument \"b\"$hint usage: ocirun state [OPTION...] ID" state a b
}

@test "a container that does not exist" {
        # containerd looks for "does not exist"
        for command in start state kill delete; do
                assert_fails "$command $ID: container \"$ID\" does not exist" "$command" "$ID"
        done
        # and no state directory is made for it
        run ocirun --root none state "$ID"
        assert_output "ocirun: state $ID: container \"$ID\" does not exist"
        refute_exists none
}

@test "a command in the wrong state" {
        bundle web
        config '.process.args = ["sh", "-c", "mkfifo f; read x <f"]'
        run_detached ocirun create "$ID"
        assert_fails "create $ID: container with given ID already exists$hint remove it with: ocirun delete --force $ID" \
                create "$ID"
        assert_fails "delete $ID: cannot delete container $ID that is not stopped: created$hint stop it first (ocirun kill $ID\
 KILL), or use --force" delete "$ID"
        pid=$(container_pid)
        run ocirun start "$ID"
        assert_status 0
        assert_fails "start $ID: cannot start a container that is running" start "$ID"
        assert_fails "delete $ID: cannot delete container $ID that is not stopped: running$hint stop it first (ocirun kill $ID\
 KILL), or use --force" delete "$ID"
        assert_fails "kill $ID: unknown signal \"FOO\": must be a number from 0 to 64, or a name such as TERM or RTMIN+1" \
                kill "$ID" FOO
        assert_fails "kill $ID: unknown signal \"65\": must be a number from 0 to 64, or a name such as TERM or RTMIN+1" \
                kill "$ID" 65
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        # containerd looks for "container not running"
        assert_fails "kill $ID: container not running" kill "$ID"
        assert_fails "start $ID: cannot start a container that is stopped" start "$ID"
}

# ---- files and directories that options name

@test "what --bundle, --pid-file and --preserve-fds name is missing" {
        bundle web
        assert_fails "create $ID: --bundle: open /no/such: no such file or directory (ENOENT)" create --bundle /no/such "$ID"
        assert_fails "create $ID: --bundle: open config.json: not a directory (ENOTDIR)" create --bundle config.json "$ID"
        assert_fails "create $ID: --pid-file: write /no/such/pid: no such file or directory (ENOENT)" \
                create --pid-file /no/such/pid "$ID"
        nothing_is_left
        run_detached ocirun create --preserve-fds 70 "$ID"
        assert_status 1
        assert_output_contains "--preserve-fds: file descriptor "
        assert_output_contains "is not open"
        nothing_is_left
}

@test "a console socket, or a pidfd socket, on which nobody listens" {
        bundle web
        config '.process.terminal = true'
        assert_fails "create $ID: --console-socket: connect to none: no such file or directory (ENOENT)" \
                create --console-socket none "$ID"
        nothing_is_left
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
        assert_fails "create $ID: --console-socket: connect to socket: connection refused (ECONNREFUSED)" \
                create --console-socket socket "$ID"
        nothing_is_left
        config '.process.terminal = false'
        assert_fails "create $ID: --pidfd-socket: connect to socket: connection refused (ECONNREFUSED)" \
                create --pidfd-socket socket "$ID"
}

@test "a --root that others could write to" {
        bundle web
        mkdir -m 700 state
        chmod 1777 state
        for command in create list; do
                id=$([ $command = list ] || echo "$ID")
                assert_fails "$command${id:+ $id}: --root: others than its owner can write to state (mode 1777)$hint chmod\
 go-w state" --root state $command ${id:+"$id"}
        done
        chmod 700 state
        if has root; then
                chown 1234 state
                assert_fails "create $ID: --root: state belongs to user 1234$hint choose a directory that only the\
 caller can write to" --root state create "$ID"
                chown 0 state
        fi
        assert_fails "create $ID: --root: open config.json: not a directory (ENOTDIR)" --root config.json create "$ID"
}

# As root with a file system of this size or mode on DIR:  with_tmpfs OPTIONS DIR SCRIPT COMMAND...
with_tmpfs() {
        unshare --mount --propagation private -- sh -c '
                mount -t tmpfs -o "$1" tmpfs "$2"; eval "$3"; shift 3; "$@"; status=$?; find "$0" -mindepth 1; exit $status
        ' "$2" "$@"
}

@test "a full or read-only file system below --root" {
        needs root
        bundle web
        mkdir full
        create=("$OCIRUN" --root full create "$ID")
        run_detached with_tmpfs size=4k,mode=700 full 'head -c 4096 /dev/zero >full/x' "${create[@]}"
        assert_status 1
        assert_output "ocirun: create $ID: write creating.json: no space left on device (ENOSPC)
full/x"
        run_detached with_tmpfs nr_inodes=1,mode=700 full '' "${create[@]}"
        assert_status 1
        assert_output "ocirun: create $ID: make the state directory of $ID: no space left on device (ENOSPC)"
        run_detached with_tmpfs ro,mode=700 full '' "${create[@]}"
        assert_status 1
        assert_output "ocirun: create $ID: make the state directory of $ID: read-only file system (EROFS)"
        run_detached with_tmpfs ro,mode=700 full '' "$OCIRUN" --root full/deeper create "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: --root: open full/deeper: read-only file system (EROFS)"
}

@test "a full file system for the bundle, the pid file, the log and the output" {
        needs root
        bundle web
        mkdir full
        ocirun=("$OCIRUN" --root "$OCIRUN_ROOT")
        # no mount point can be made
        run_detached with_tmpfs nr_inodes=3,mode=755 full 'mkdir full/rootfs; cp config.json full' \
                "${ocirun[@]}" create --bundle full "$ID"
        assert_status 1
        assert_output_contains "ocirun: create $ID: config.json: mounts[0]"
        assert_output_contains "no space left on device (ENOSPC)"
        nothing_is_left
        run_detached with_tmpfs nr_inodes=1,mode=755 full '' "${ocirun[@]}" create --pid-file full/pid "$ID"
        assert_status 1
        assert_output "ocirun: create $ID: --pid-file: write full/pid: no space left on device (ENOSPC)"
        nothing_is_left
        # a log that cannot be written is no reason to fail
        run_detached ocirun --log /dev/full --debug create "$ID"
        assert_status 0
        # and state has nothing else to do
        run bash -c '"$@" >/dev/full' bash "${ocirun[@]}" state "$ID"
        assert_status 1
        assert_output "ocirun: state $ID: write to standard output: no space left on device (ENOSPC)"
}
