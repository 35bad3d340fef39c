#!/usr/bin/env bats
# process.args, process.env and process.cwd, and what is said about a program that cannot be executed.

load helpers

setup() {
        setup_test
        bundle web
}

# Files of the root that are executed, or fail to be.
executable() { # PATH, with the contents on standard input
        mkdir -p "$(dirname "rootfs$1")"
        cat >"rootfs$1"
        chmod 0755 "rootfs$1"
}

run_program() { # ARGUMENT...
        config --argjson args "$(jq -cn '$ARGS.positional' --args -- "$@")" '.process.args = $args'
        run ocirun run --bundle "$BUNDLE" "$ID"
}

# The program cannot be executed: the message names the place, the file and the reason, and ends with a hint
# if there is one.
assert_refused() { # PROGRAM REASON [HINT]
        run_program "$1"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.args[0]: $2${3:+
  hint: $3}"
}

# ---- args

@test "args reach the program as they are" {
        executable /bin/show <<'END'
#!/bin/sh
echo $#
for argument; do printf '<%s>\n' "$argument"; done
END
        # config.md, Process: "with similar semantics to IEEE Std 1003.1-2008 execvp's argv"
        run_program show '' 'a b' '$PATH' "quote's" $'two\nlines' 'é' -- --help
        assert_status 0
        assert_output "8
<>
<a b>
<\$PATH>
<quote's>
<two
lines>
<é>
<-->
<--help>"
}

@test "args[0] is what the program sees, and not the path that was found" {
        config '.process.env = ["PATH=/nowhere:/bin"]'
        run_program cat /proc/self/cmdline
        assert_status 0
        assert_output "cat/proc/self/cmdline"
        run_program readlink /proc/self/exe
        assert_output /bin/busybox
}

@test "at least one entry of args is required" {
        # config.md, Process: "This specification extends the IEEE standard in that at least one entry is REQUIRED"
        config '.process.args = []'
        run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.args: must have at least one entry"
        # ... "and that entry is used with the same semantics as execvp's file"
        assert_refused '' 'exec "": executable file not found in $PATH' "PATH is /bin"
}

@test "args[0] without a slash is looked for in the directories of PATH, in their order" {
        printf '#!/bin/sh\necho first' | executable /first/program
        printf '#!/bin/sh\necho second' | executable /second/program
        # what is no file there does not count: a directory, a dangling link, a part of the path that is a file
        mkdir -p rootfs/directory/program rootfs/dangling
        ln -s /nowhere rootfs/dangling/program

        config '.process.env = ["PATH=/missing:/directory:/dangling:/bin/sh:/first:/second"]'
        run_program program
        assert_output first
        config '.process.env = ["PATH=/second:/first"]'
        run_program program
        assert_output second
}

@test "what may not be executed is passed over as long as there is something else in PATH" {
        printf '#!/bin/sh\necho first' | executable /first/program
        printf '#!/bin/sh\necho second' | executable /second/program
        chmod 0644 rootfs/first/program
        config '.process.env = ["PATH=/first:/second"]'
        run_program program
        assert_status 0
        assert_output second
        # execvp(3): "If permission is denied for a file (the attempted execve(2) failed with the error EACCES),
        # these functions will continue searching the rest of the search path. If no other file is found, however,
        # they will return with errno set to EACCES."
        config '.process.env = ["PATH=/first"]'
        assert_refused program "exec /first/program: permission denied (EACCES)" \
                "the mode of /first/program is 0644 and its owner 0:0: user 0 may not execute it"
}

@test "the directories of PATH are searched with the rights of the user" {
        printf '#!/bin/sh\necho first' | executable /first/program
        printf '#!/bin/sh\necho second' | executable /second/program
        chmod 0700 rootfs/first
        config '.process.env = ["PATH=/first:/second"]'
        run_program program
        assert_output first
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        run_program program
        assert_output second
        config '.process.env = ["PATH=/first"]'
        assert_refused program "exec /first/program: permission denied (EACCES)" \
                "user 1000 may not search a directory on the way to /first/program"
}

@test "an empty part of PATH is the working directory; without PATH, /bin and /usr/bin are searched" {
        local path

        printf '#!/bin/sh\necho "$0 in $(pwd)"' | executable /srv/program
        config '.process.cwd = "/srv"'
        for path in :/bin /bin: /missing::/bin .:/bin; do
                config --arg path "PATH=$path" '.process.env = [$path]'
                run_program program
                assert_status 0
                assert_output_contains "program in /srv"
        done
        config '.process.env = ["PATH=/bin:/usr/bin"]'
        assert_refused program 'exec "program": executable file not found in $PATH' \
                "PATH is /bin:/usr/bin"
        config '.process.env = []'
        assert_refused program 'exec "program": executable file not found in $PATH' \
                "PATH is /bin:/usr/bin, since process.env has none"

        mkdir -p rootfs/usr/bin
        mv rootfs/srv/program rootfs/usr/bin
        config '.process.env = []'
        run_program program
        assert_status 0
        assert_output "/usr/bin/program in /srv"
}

@test "args[0] with a slash is relative to cwd, and not looked for in PATH" {
        printf '#!/bin/sh\necho "$0 in $(pwd)"' | executable /srv/sub/program
        config '.process.cwd = "/srv" | .process.env = ["PATH=/srv:/bin"]'
        run_program sub/program
        assert_output "sub/program in /srv"
        run_program ./sub/../sub/program
        assert_output "./sub/../sub/program in /srv"
        config '.process.cwd = "/srv/sub"'
        run_program ./program
        assert_output "./program in /srv/sub"
        assert_refused sub/program "exec sub/program: no such file or directory (ENOENT)"
}

@test "links to the program are followed inside the root" {
        printf '#!/bin/sh\necho "$0"' | executable /opt/program
        ln -s /opt/program rootfs/bin/absolute
        ln -s ../../../../opt/program rootfs/bin/climbing
        run_program absolute
        assert_output /bin/absolute
        run_program /bin/climbing
        assert_output /bin/climbing
        ln -s loop rootfs/bin/loop
        assert_refused /bin/loop "exec /bin/loop: too many levels of symbolic links (ELOOP)"
}

# ---- programs that cannot be executed

@test "a program that is not there" {
        assert_refused /no/such "exec /no/such: no such file or directory (ENOENT)"
        assert_refused no-such 'exec "no-such": executable file not found in $PATH' "PATH is /bin"
        assert_refused /bin/sh/program "exec /bin/sh/program: not a directory (ENOTDIR)"
        ln -s /no/such rootfs/dangling
        assert_refused /dangling "exec /dangling: no such file or directory (ENOENT)"
}

@test "a program that is no regular file" {
        mkdir rootfs/opt
        mkfifo -m 0755 rootfs/opt/fifo
        # docker takes this for "cannot be executed", 126
        assert_refused /opt "exec /opt: is a directory (EISDIR)"
        assert_refused /opt/fifo "exec /opt/fifo: permission denied (EACCES)" "/opt/fifo is not a regular file"
        assert_refused /dev/null "exec /dev/null: permission denied (EACCES)" "/dev/null is not a regular file"
}

@test "a program without execute permission" {
        executable /opt/program </bin/true
        chmod 0640 rootfs/opt/program
        assert_refused /opt/program "exec /opt/program: permission denied (EACCES)" \
                "the mode of /opt/program is 0640 and its owner 0:0: user 0 may not execute it"
        chmod 0750 rootfs/opt/program
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        assert_refused /opt/program "exec /opt/program: permission denied (EACCES)" \
                "the mode of /opt/program is 0750 and its owner 0:0: user 1000 may not execute it"
}

@test "a program on a mount with noexec" {
        config '.mounts += [{ "destination": "/opt", "type": "bind", "source": "rootfs/bin",
                              "options": ["bind", "noexec"] }]'
        assert_refused /opt/busybox "exec /opt/busybox: permission denied (EACCES)" \
                "/opt/busybox lies on a mount with the option noexec"
}

@test "a script whose interpreter is missing, or may not be executed" {
        executable /opt/script <<<'#!/usr/bin/python3 -u'
        assert_refused /opt/script "exec /opt/script: no such file or directory (ENOENT)" \
                "the interpreter /usr/bin/python3 in the #! line of /opt/script is not in the root file system"
        mkdir -p rootfs/usr/bin
        echo >rootfs/usr/bin/python3
        assert_refused /opt/script "exec /opt/script: permission denied (EACCES)" \
                "the mode of /usr/bin/python3 is 0644 and its owner 0:0: user 0 may not execute it"
}

@test "a script with lines that end in carriage return and newline" {
        printf '#!/bin/sh\r\necho\r\n' | executable /opt/script
        assert_refused /opt/script "exec /opt/script: no such file or directory (ENOENT)" \
                'the #! line of /opt/script ends with a carriage return; the interpreter would be "/bin/sh\r"'
}

@test "a program whose dynamic loader is missing" {
        local loader

        loader=$(readelf --program-headers /bin/true | sed -n 's/.*interpreter: \(.*\)]/\1/p')
        executable /opt/program </bin/true
        assert_refused /opt/program "exec /opt/program: no such file or directory (ENOENT)" \
                "the dynamic loader $loader of /opt/program is not in the root file system"
        # and one interpreter further away
        executable /opt/script <<<'#!/opt/program'
        assert_refused /opt/script "exec /opt/script: no such file or directory (ENOENT)" \
                "the dynamic loader $loader of /opt/program is not in the root file system"
}

@test "a program for another machine" {
        # byte 18 of an ELF file: e_machine; 243 is RISC-V
        executable /opt/program <rootfs/bin/busybox
        printf '\363\0' | dd of=rootfs/opt/program bs=1 seek=18 conv=notrunc status=none
        assert_refused /opt/program "exec /opt/program: exec format error (ENOEXEC)" \
                "/opt/program is for riscv64, and this machine is $(uname -m)"
}

@test "a file that is no program" {
        executable /opt/text <<<'echo no first line'
        assert_refused /opt/text "exec /opt/text: exec format error (ENOEXEC)" \
                "/opt/text is neither an ELF file nor a script that begins with #!"
        executable /opt/empty </dev/null
        assert_refused /opt/empty "exec /opt/empty: exec format error (ENOEXEC)" "/opt/empty is empty"
}

@test "more arguments than Linux takes" {
        # the limit of one string is 32 pages: execve(2), E2BIG
        config '.process.env += ["BIG=" + "x" * 131072]'
        assert_refused /bin/true "exec /bin/true: argument list too long (E2BIG)" \
                "env[1] has 131077 bytes, and Linux takes 131072 in one string"
}

@test "create finds out that a program is missing, start that its interpreter is" {
        config '.process.args = ["/opt/program"]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "ocirun: create $ID: config.json: process.args[0]: exec /opt/program: no such file"
        assert_no_debris

        executable /opt/program <<<'#!/no/interpreter'
        run_detached ocirun create "$ID"
        assert_status 0
        run ocirun start "$ID"
        assert_status 1
        assert_output_contains "ocirun: start $ID: config.json: process.args[0]: exec /opt/program: no such file"
        assert_output_contains "the interpreter /no/interpreter in the #! line"
}

@test "a program that cannot be executed, in the words that engines look for, as one line of JSON" {
        local program reason

        executable /opt/script <<<'#!/no/interpreter'
        while read -r program reason; do
                config --arg program "$program" '.process.args = [$program]'
                run ocirun --log log.json --log-format json run "$ID"
                assert_status 1
                assert_equal "$(wc -l <log.json)" 1
                assert_equal "$(jq -r .level log.json)" error
                output=$(jq -r .msg log.json)
                assert_output_contains "$reason"
                assert_output_contains "exec "
                rm log.json
        done <<'END'
/no/such no such file or directory
no-such executable file not found in $PATH
/opt/script no such file or directory
/etc/passwd permission denied
/bin is a directory
/etc/passwd/x not a directory
END
}

# ---- env

@test "env is the program's whole environment" {
        # config.md, Process: "with the same semantics as IEEE Std 1003.1-2008's environ"
        config '.process.env = ["B=2", "A=1", "HOME=/h", "EMPTY=", "E=a=b", "odd name=x", "é=ü", "1=2", "NL=a\nb"]'
        FROM_THE_CALLER=1 run_program /bin/env
        assert_status 0
        assert_output "B=2
A=1
HOME=/h
EMPTY=
E=a=b
odd name=x
é=ü
1=2
NL=a
b"
}

@test "of several variables with one name the last counts, in the place of the first" {
        config '.process.env = ["A=1", "HOME=/h", "A=2", "AB=x", "A=3"]'
        run_program /bin/env
        assert_output "A=3
HOME=/h
AB=x"
}

@test "what is no variable is refused" {
        local entry reason

        while IFS='|' read -r entry reason; do
                config --arg entry "$entry" '.process.env = ["A=1", $entry]'
                run_program /bin/env
                assert_status 1
                assert_output "ocirun: run $ID: config.json: process.env[1]: $reason"
        done <<'END'
name|must be NAME=VALUE, not "name"
|must be NAME=VALUE, not ""
=value|the name before "=" is empty in "=value"
END
}

@test "ten thousand variables" {
        config '.process.env = ["HOME=/h"] + [range(10000) | "VARIABLE_\(.)=\(.)"]'
        run_program /bin/env
        assert_status 0
        assert_equal "${#lines[@]}" 10001
        assert_equal "${lines[10000]}" VARIABLE_9999=9999
}

# ---- HOME

assert_home() { # EXPECTED
        run_program sh -c 'echo $HOME'
        assert_status 0
        assert_output "$1"
}

@test "HOME is what the container's /etc/passwd says of the user, unless env has it" {
        assert_home /root
        config '.process.user = { "uid": 1000, "gid": 0 }'
        assert_home /var/user
        config '.process.env += ["HOME="]'
        assert_home /var/user
        config '.process.env += ["HOME=/elsewhere"]'
        assert_home /elsewhere
}

@test "HOME is / for a user who is not in /etc/passwd" {
        config '.process.user = { "uid": 4242, "gid": 0 }'
        assert_home /
        rm rootfs/etc/passwd
        assert_home /
}

@test "HOME with an /etc/passwd that is no such file" {
        local kind

        config '.process.user = { "uid": 1000, "gid": 0 }'
        for kind in fifo directory device loop dangling host garbage nul long large; do
                rm -rf rootfs/etc/passwd
                case $kind in
                fifo) mkfifo rootfs/etc/passwd ;;
                directory) mkdir rootfs/etc/passwd ;;
                device) ln -s /dev/zero rootfs/etc/passwd ;;
                loop) ln -s passwd rootfs/etc/passwd ;;
                dangling) ln -s /nowhere rootfs/etc/passwd ;;
                host) # where a link would lead that is followed without regard to the root
                        echo 'user:x:1000:1000::/host:' >passwd
                        ln -s ../../passwd rootfs/etc/passwd
                        ;;
                garbage) head -c 100000 /dev/urandom >rootfs/etc/passwd ;;
                nul) printf 'user:x:1000:1000::/a\0b:\n' >rootfs/etc/passwd ;;
                long) head -c 900000 /dev/zero | tr '\0' : >rootfs/etc/passwd ;;
                large) truncate --size 2G rootfs/etc/passwd ;;
                esac
                assert_home / || fail "with a passwd that is: $kind"
        done
}

@test "HOME with lines in /etc/passwd that are not as they should be" {
        config '.process.user = { "uid": 1000, "gid": 0 }'
        cat >rootfs/etc/passwd <<'END'

# a comment
+
short:x:1000
negative:x:-1000:0::/negative:
spaces:x: 1000:0::/spaces:
wrapped:x:4294968296:0::/wrapped:
word:x:1000x:0::/word:
other:x:1001:0::/other:
right:x:1000:0::/right:/bin/sh
late:x:1000:0::/late:/bin/sh
END
        assert_home /right
        # no newline at the end, and no shell
        printf 'other:x:1001:0::/other:\nlast:x:1000:0::/last' >rootfs/etc/passwd
        assert_home /last
}

# ---- cwd

# Where the program is, and the owner and mode of that directory.
assert_cwd() { # CWD EXPECTED
        config --arg cwd "$1" '.process.cwd = $cwd'
        run_program sh -c 'echo $(pwd -P) $(stat -c "%u:%g %a" .)'
        assert_status 0
        assert_output "$2"
}

assert_cwd_refused() { # CWD REASON...
        config --arg cwd "$1" '.process.cwd = $cwd'
        run_program true
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.cwd: $2"
}

@test "cwd is the program's working directory" {
        # config.md, Process: "cwd (string, REQUIRED) is the working directory that will be set for the executable.
        # This value MUST be an absolute path."
        assert_cwd /var/user "/var/user 1000:1000 755"
        assert_cwd_refused bin 'must be an absolute path, not "bin"'
        assert_cwd_refused '' 'must be an absolute path, not ""'
        config 'del(.process.cwd)'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "config.json: process.cwd: "
}

@test "cwd is made when it is missing" {
        umask 0077
        assert_cwd /new/deep "/new/deep 0:0 755"
        assert_cwd /new "/new 0:0 755"
        # and so in a root that is read-only afterwards
        config '.root.readonly = true'
        assert_cwd /readonly/deep "/readonly/deep 0:0 755"
        # with setgid on the parent it is not inherited by mistake
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        assert_cwd /of/a/user "/of/a/user 0:0 755"
}

@test "cwd cannot leave the root" {
        mkdir rootfs/here
        ln -s ../../../../../../../../here rootfs/climbing
        ln -s /here rootfs/absolute
        ln -s /made rootfs/dangling
        assert_cwd /climbing "/here 0:0 755"
        assert_cwd /absolute "/here 0:0 755"
        assert_cwd /dangling "/made 0:0 755"
        refute_exists /made
        assert_cwd /../../tmp/.././here/. "/here 0:0 755"
}

@test "cwd that is a file, or lies below one" {
        echo >rootfs/file
        assert_cwd_refused /file "open or make /file: not a directory (ENOTDIR)"
        assert_cwd_refused /file/sub "open or make /file/sub: not a directory (ENOTDIR)"
}

@test "cwd through a descriptor of the runtime is refused (CVE-2024-21626)" {
        local fd

        for fd in 0 3 4 5 6 7 8 9 10; do
                config --arg cwd "/proc/self/fd/$fd/" '.process.cwd = $cwd'
                run_program sh -c 'pwd; ls'
                assert_status 1
                assert_output_contains "config.json: process.cwd: "
        done
}

@test "cwd that root may enter and the user may not" {
        mkdir -m 0700 rootfs/private
        config '.process.user = { "uid": 1000, "gid": 1000 }'
        # as with chdir(2) before the ids change
        config '.process.cwd = "/private"'
        run_program sh -c 'pwd; ls'
        assert_output_contains /private
        assert_output_contains "ermission denied"
}
