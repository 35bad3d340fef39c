#!/usr/bin/env bats
# What images and other containers have done to runtimes, by the number of the CVE.
#
# A race is run few times by default; OCIRUN_TEST_ROUNDS=N multiplies them.

load helpers
load mounts

setup() {
        setup_test
        attacker=
}

teardown() {
        [ -z "$attacker" ] || kill "$attacker"
        teardown_test
}

# Exchange two names again and again, as another container does that shares the volume.
exchange() { # ONE OTHER
        coproc python3 -c '
import ctypes, sys
renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
one, other = (path.encode() for path in sys.argv[1:])
if renameat2(-100, one, -100, other, 2):
    sys.exit("RENAME_EXCHANGE failed")
print("exchanging", flush=True)
while True:
    renameat2(-100, one, -100, other, 2)' "$@" 3>&-
        # shellcheck disable=SC2153 # set by coproc
        attacker=$COPROC_PID
        read -r line <&"${COPROC[0]}"
        assert_equal "$line" exchanging
}

# Run the container N times or more: each time it fails, or prints a line that matches; it prints one at least once.
each_time() { # N LINE
        local n matches=0

        for ((n = 0; n < $1 * ${OCIRUN_TEST_ROUNDS:-1}; n++)); do
                run ocirun run "$ID"
                if [ "$status" -eq 0 ]; then
                        [[ $output =~ ^($2)$ ]] || fail "$output"
                        matches=$((matches + 1))
                else
                        [[ $output = *"config.json: "* ]] || fail "$output"
                fi
        done
        [ $matches -gt 0 ] || fail "the container never ran; at last: $output"
}

# ---- the runtime's own program

# Try to write through the link, now and through what it was opened as, later.
open_exe() {
        exec python3 -c '
import errno, os, sys
fd = os.open(sys.argv[1], os.O_PATH)
for path in sys.argv[1], f"/proc/self/fd/{fd}":
    try:
        os.open(path, os.O_WRONLY)
        print("open")
    except OSError as e:
        print(errno.errorcode[e.errno])
sys.stdout.flush()
sys.stdin.readline()
try:
    os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    print("open")
except OSError as e:
    print(errno.errorcode[e.errno])' "$1"
}

@test "CVE-2019-5736: the runtime's program cannot be written through a container that waits, nor once it started" {
        bundle web
        config '.process.args = ["sleep", "60"]'
        # what no other test executes: a file that runs anywhere cannot be written, whatever it was opened through
        own=$PWD/ocirun
        cp "$OCIRUN" "$own"
        sum=$(sha256sum "$own")
        run_detached "$own" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        # all that a process in the container could do, the host's root can do with more rights
        coproc open_exe "/proc/$(container_pid)/exe" 3>&-
        attacker=$COPROC_PID
        read -r now <&"${COPROC[0]}"
        read -r through_descriptor <&"${COPROC[0]}"
        # because it runs
        assert_equal "$now $through_descriptor" "ETXTBSY ETXTBSY"
        # it is the runtime that waits there
        cmp "/proc/$(container_pid)/exe" "$own"
        ocirun start "$ID"
        echo >&"${COPROC[1]}"
        read -r after <&"${COPROC[0]}"
        assert_equal "$after" EROFS
        wait "$attacker"
        attacker=
        assert_equal "$(sha256sum "$own")" "$sum"
}

@test "CVE-2019-5736: the program is protected in its place, and not executed once more" {
        needs static
        bundle web
        config '.process.args = ["sleep", "60"]'
        run_detached ocirun create "$ID"
        assert_status 0
        # what the program was executed as (AT_EXECFN of getauxval(3)): /dev/fd/N when it was by descriptor
        run python3 -c '
import struct, sys
pid = sys.argv[1]
auxv = dict(struct.iter_unpack("@LL", open(f"/proc/{pid}/auxv", "rb").read()))
with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
    memory.seek(auxv[31])
    print(memory.read(4096).split(b"\0")[0].decode())' "$(container_pid)"
        assert_output "$OCIRUN"
        # no memory is mapped from where it can be written to
        run readlink "/proc/$(container_pid)/exe"
        assert_output "/"
        run grep -c "$OCIRUN" "/proc/$(container_pid)/maps"
        assert_output 0
        assert_equal "$(tr '\0' ' ' <"/proc/$(container_pid)/cmdline")" "$OCIRUN --root $OCIRUN_ROOT create $ID "
        ocirun delete --force "$ID"
}

@test "CVE-2019-5736: an entry point that is the runtime itself runs what cannot be written" {
        bundle web
        sum=$(sha256sum "$OCIRUN")
        printf '#!/proc/self/exe\n' >rootfs/entry
        chmod 755 rootfs/entry
        config '.process.args = ["/entry"]'
        run ocirun run "$ID"
        # the runtime got "/entry" as its command, or was not executed at all
        [ "$status" -ne 0 ]
        config '.process.args = ["/proc/self/exe", "--version"]'
        run ocirun run "$ID"
        assert_equal "$(sha256sum "$OCIRUN")" "$sum"
}

# ---- procfs that is none

@test "CVE-2019-16884: nothing but a procfs is mounted on /proc or below, however the path is written" {
        bundle web
        mkdir -p source rootfs/x
        touch file
        ln -s /proc rootfs/link
        ln -s proc/self rootfs/link-to-self
        for destination in /proc proc /proc/ //proc /./proc /proc/. ../proc; do
                refused "{ \"destination\": \"$destination\", \"source\": \"source\", \"options\": [\"bind\"] }" \
                        ": /proc can only be a procfs"
        done
        refused '{ "destination": "/proc/", "type": "tmpfs" }' ": /proc can only be a procfs"
        for destination in /proc/self/attr /proc/1/attr /proc/sys /proc/sys/kernel /proc/./self /proc/x/../self/attr \
                /x/../proc/self/attr /proc/self/../self /x/../proc /link /link/sys /link/self/attr; do
                refused "{ \"destination\": \"$destination\", \"type\": \"tmpfs\" }" ".destination: "
                assert_output_matches 'lies in a procfs|no such file or directory|too many levels of symbolic links'
        done
        for destination in /proc/self/attr/current /proc/sys/kernel/hostname /link-to-self/attr/current \
                /proc/sysrq-trigger /proc/cpuinfo/../version; do
                refused "{ \"destination\": \"$destination\", \"source\": \"file\", \"options\": [\"bind\"] }" \
                        ".destination: "
        done
        # what only informs can be replaced: lxcfs does
        echo "one processor" >file
        config '.mounts[6] = { destination: "/proc/cpuinfo", source: "file", options: ["bind"] }'
        run_container 'cat /proc/cpuinfo'
        assert_status 0
        assert_output "one processor"
}

@test "CVE-2019-19921: a symbolic link of the image leads no procfs and no sysfs elsewhere" {
        bundle web
        mkdir rootfs/elsewhere
        for name in proc sys; do
                rm -rf "rootfs/$name"
                ln -s /elsewhere "rootfs/$name"
                for destination in "/$name" "/$name/" "/$name/." "$name"; do
                        config --arg destination "$destination" --arg name "/$name" \
                                '(.mounts[] | select(.destination | startswith($name))).destination = $destination'
                        run_detached ocirun create "$ID"
                        assert_status 1
                        assert_output_contains \
                                ".destination: $destination must be a directory, and not a symbolic link"
                done
                rm "rootfs/$name"
                mkdir "rootfs/$name"
        done
        run_container true
        assert_status 0
}

@test "CVE-2025-52881: kernel parameters are not written where mounts of the container lead them" {
        bundle web
        touch rootfs/file
        # another procfs on /proc, which does not even have sys: the runtime does not look there
        config '.mounts += [{ destination: "/proc", type: "proc", source: "proc", options: ["subset=pid"] }] |
                .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
                .linux.sysctl = { "kernel.domainname": "written", "kernel.shmmni": "4000" }'
        config '.mounts += [{ destination: "/copy", type: "proc", source: "proc" }]'
        run_container 'ls /proc/sys; cat /copy/sys/kernel/domainname /copy/sys/kernel/shmmni'
        assert_status 0
        assert_output $'ls: /proc/sys: No such file or directory\nwritten\n4000'
        # the image's own /proc, where none is mounted
        mkdir -p rootfs/proc/sys/kernel
        touch rootfs/proc/sys/kernel/domainname
        config '.mounts |= map(select(.destination != "/proc"))'
        run_container 'cat /copy/sys/kernel/domainname /proc/sys/kernel/domainname'
        assert_status 0
        assert_output written
}

# ---- races with who shares a volume

@test "CVE-2021-30465: a mount stays inside while a directory of a volume and a link to the host are exchanged" {
        bundle web
        mkdir -p volume/directory victim
        ln -s "$PWD/victim" volume/link
        bind volume /volume
        add_mount /volume/directory tmpfs attack
        # what is mounted outside of the root does not show up in the container
        config '.process.args = ["grep", "-c", " tmpfs attack ", "/proc/self/mountinfo"]'
        exchange volume/directory volume/link
        each_time 40 1
        assert_equal "$(find victim)" victim
}

@test "CVE-2024-45310: no files or directories are made on the host while parents of a destination are exchanged" {
        bundle web
        mkdir -p volume/directory victim
        touch file
        ln -s "$PWD/victim" volume/link
        bind volume /volume
        config '.mounts += [range(10) |
                { destination: "/volume/directory/made/\(.)", type: "tmpfs", source: "attack" },
                { destination: "/volume/directory/file-\(.)", source: "file", options: ["bind"] }]'
        config '.process.args = ["grep", "-c", " tmpfs attack ", "/proc/self/mountinfo"]'
        exchange volume/directory volume/link
        each_time 20 10
        assert_equal "$(find victim)" victim
}

@test "CVE-2023-27561: a procfs is mounted on no link while /proc is exchanged for one" {
        bundle web
        mkdir -p rootfs/decoy/sys/kernel
        rmdir rootfs/proc
        mkdir rootfs/proc
        ln -s decoy rootfs/link
        config '.process.args = ["sh", "-c", "grep -c \" /decoy \" /proc/self/mountinfo || true"]'
        exchange rootfs/proc rootfs/link
        # the program finds a procfs on /proc, and nothing elsewhere; or fails to find it, since /proc moved
        each_time 30 '0|grep: /proc/self/mountinfo: No such file or directory'
}

@test "CVE-2025-31133: what is exchanged for /dev/null masks nothing" {
        bundle web
        mkdir -p volume/{pts,shm,mqueue}
        mknod -m 666 volume/null c 1 3
        # it would be shown, and writable, in place of a file that is to be hidden
        ln -s /proc/sys/kernel/core_pattern volume/link
        config '.mounts[1] = { destination: "/dev", source: "volume", options: ["bind"] } |
                .linux.maskedPaths = ["/proc/keys"]'
        config '.process.args = ["sh", "-c", "wc -c </proc/keys; stat -c %t:%T /proc/keys"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output $'0\n1:3'
        exchange volume/null volume/link
        each_time 30 $'0\n1:3'
}

@test "CVE-2025-31133: a /dev/null that is something else is an error" {
        bundle web
        mkdir -p volume/{pts,shm,mqueue}
        config '.mounts[1] = { destination: "/dev", source: "volume", options: ["bind"] }'
        for make in 'ln -s /proc/sys/kernel/core_pattern' 'ln -s /dev/zero' touch mkdir mkfifo; do
                $make volume/null
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "/dev/null exists and is not the device that is asked for"
                rm -r volume/null
        done
        mknod volume/null c 1 5
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "/dev/null exists and is not the device that is asked for"
}

@test "CVE-2025-52565: the terminal does not come from what the image has in /dev/pts" {
        bundle web
        config '.process.terminal = true'
        # without a devpts the ptmx is whatever the image has
        mkdir -p volume/pts
        config '.mounts[1] = { destination: "/dev", source: "volume", options: ["bind"] } |
                .mounts |= map(select(.destination | startswith("/dev/") | not))'
        for make in 'touch ptmx' 'ln -s /proc/sys/kernel/core_pattern ptmx' 'mkfifo ptmx' 'mknod ptmx c 1 3'; do
                (cd volume/pts && $make)
                run_detached timeout 10 "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
                assert_status 1
                assert_output_contains "config.json: process.terminal: "
                rm volume/pts/ptmx
        done
}

# ---- descriptors of the host

@test "CVE-2024-21626: no descriptor of the runtime leads out of the container" {
        bundle web
        # the caller, too, has one of the host's root, which is not for the container
        exec 17</ 18<.
        paths=(/proc/self/fd/{0..20} /proc/self/fd/{3,7,17}/../../../.. /dev/fd/{3,7,17} /proc/1/fd/{3,7,17}/etc)
        for path in "${paths[@]}"; do
                config --arg path "$path" '.process.cwd = $path'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: process.cwd: "
        done
        config '.process.cwd = "/"'
        for n in {3..18}; do
                config --arg path "/proc/self/fd/$n/bin/sh" '.process.args = [$path]'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: process.args[0]: "
        done
        # the program has its three, and the one that ls opens
        config '.process.args = ["ls", "/proc/self/fd"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output $'0\n1\n2\n3'
        exec 17<&- 18<&-
}

# ---- an image's /dev

# Nothing appeared where the image's link leads on the host, and the file there is the one that was.
assert_decoy_untouched() {
        assert_equal "$(find "$BUNDLE/decoy" -printf '%P %y\n' | sort | paste -sd,)" " d,ptmx f"
        assert_equal "$(cat "$BUNDLE/decoy/ptmx")" "a decoy"
}

@test "CVE-2026-41579, CVE-2026-47766: an image whose /dev is a link gets no devices made on the host" {
        bundle web
        mkdir decoy
        echo "a decoy" >decoy/ptmx
        config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = []'
        for target in "$PWD/decoy" ../decoy ../../../../../../../../../.."$PWD/decoy" "$PWD/decoy/new" tmp/decoy; do
                rm -rf rootfs/dev rootfs/decoy "rootfs/${BATS_RUN_TMPDIR#/}"
                ln -s "$target" rootfs/dev
                # inside the root the link may lead to a directory, too
                [ "$target" != tmp/decoy ] || mkdir -p rootfs/tmp/decoy
                run_container 'ls /dev/'
                assert_decoy_untouched
                if [ "$status" -eq 0 ]; then
                        assert_output_contains null
                else
                        assert_output_contains "/dev"
                fi
                run_detached ocirun create "$ID"
                assert_decoy_untouched
                if [ "$status" -eq 0 ]; then
                        run_detached ocirun start "$ID"
                        ocirun delete --force "$ID"
                        assert_decoy_untouched
                fi
        done
}

@test "CVE-2026-41579: the same with the mounts of /dev, and with a link further up" {
        bundle web
        mkdir decoy
        echo "a decoy" >decoy/ptmx
        rm -rf rootfs/dev
        ln -s "$PWD/decoy" rootfs/dev
        run_container 'ls /dev/'
        assert_status 0
        assert_output_contains ptmx
        assert_decoy_untouched
        # a device outside of /dev
        ln -s "$PWD/decoy" rootfs/outside
        config '.linux.devices = [{ path: "/outside/sub/null", type: "c", major: 1, minor: 3 },
                { path: "/outside/zero", type: "c", major: 1, minor: 5 }]'
        run_container 'ls /outside/'
        assert_status 0
        assert_output_contains zero
        assert_decoy_untouched
}

# ---- files of the image that the runtime reads

@test "an image's /etc/passwd may be anything: it is read only when it is a file, inside, and not huge" {
        bundle web
        echo "root:x:0:0:root:/stolen:/bin/sh" >outside
        echo "root:x:0:0:root:/inside:/bin/sh" >rootfs/etc/passwd
        run_container 'echo "$HOME"'
        assert_output /inside
        cd rootfs/etc
        for make in 'mkfifo passwd' 'mknod passwd c 5 0' 'mknod passwd c 1 5' 'mkdir passwd' \
                "ln -s $BUNDLE/outside passwd" "ln -s ../../outside passwd" 'ln -s passwd passwd' \
                'ln -s /proc/self/environ passwd' 'ln -s /proc/1/root/etc/passwd passwd' 'ln -s /dev/zero passwd' \
                'truncate -s 2G passwd' true; do
                rm -rf passwd
                $make
                run timeout 20 "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
                assert_equal "$make: $status $output" "$make: 0 /"
        done
}
