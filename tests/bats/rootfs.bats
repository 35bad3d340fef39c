#!/usr/bin/env bats
# config.md, Root; --no-pivot; what of the host can be reached from inside.

load helpers
load mounts

@test "root.path is relative to the bundle, or absolute" {
        bundle web
        echo here >rootfs/here
        # "path is either an absolute path or a relative path to the bundle"
        for path in rootfs ./rootfs/ ../web/rootfs "$PWD/rootfs" "$PWD//rootfs/."; do
                config --arg path "$path" '.root.path = $path'
                cd /
                run_container 'cat /here'
                assert_status 0
                assert_output here
                cd "$BUNDLE"
        done
}

@test "root.path: missing, a file, a symbolic link, and none at all are errors" {
        bundle web
        # "A directory MUST exist at the path declared by the field."
        touch file
        ln -s rootfs link
        mkfifo fifo
        for row in "nothing: open nothing: no such file or directory (ENOENT)" \
                "file: open file: not a directory (ENOTDIR)" \
                "fifo: open fifo: not a directory (ENOTDIR)" "link: link must be a directory, and is a symbolic link" \
                "link/: link/ must be a directory, and is a symbolic link" ": must not be empty"; do
                config --arg path "${row%%: *}" '.root.path = $path'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: root.path: ${row#*: }"
                assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
        done
        # "On all other platforms, this field is REQUIRED."
        config 'del(.root)'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: root: is required, and missing"
}

@test "root.readonly: nothing can be written but on the mounts" {
        bundle web
        # "If true then the root filesystem MUST be read-only inside the container, defaults to false."
        run_container 'touch /new'
        assert_status 0
        assert_exists rootfs/new
        config '.root.readonly = true'
        # made by the runtime nevertheless
        add_mount /made/tmpfs tmpfs tmpfs
        config '.process.cwd = "/made/cwd" | .linux.devices = [{ path: "/made/null", type: "c", major: 1, minor: 3 }]'
        run_container 'pwd; for f in /new-2 /new /etc/passwd /made/cwd/x /made/null-2; do
                        (echo x >>$f) 2>&1 && echo "wrote $f"; done
                touch /made/tmpfs/x /dev/shm/x /dev/x && cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "${lines[0]}" /made/cwd
        assert_equal "$(grep -c 'Read-only file system' <<<"$output")" 5
        refute_output_contains wrote
        assert_equal "$(mount_on / options)" ro,relatime
        # the host's mount is what it was
        touch rootfs/new-3
}

@test "only the container's mounts are there, with the root as the first" {
        bundle web
        run_container 'cat /proc/self/mountinfo; ls -A /; ls -d /../../etc/passwd /proc/1/root/../../../bin'
        assert_status 0
        assert_equal "$(awk '$4 ~ "^/" && $7 ~ "^(-|[a-z]*:)" { print $5 }' <<<"$output" | head -n 7 | paste -sd' ')" \
                "/ /proc /dev /dev/pts /dev/shm /dev/mqueue /sys"
        [[ $(mount_on / root) = */web/rootfs ]]
        refute_output_contains "$OCIRUN_TEST_ROOTS"
}

@test "the parent of the root is the root, also for who has all capabilities and chroots" {
        bundle web
        echo inside >rootfs/marker
        config '.process.capabilities = (["bounding", "effective", "permitted"] | map({ key: ., value: [
                "CAP_SYS_CHROOT", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"] }) |
                from_entries)'
        # chroot(2): "the superuser can escape from a chroot jail by doing: mkdir foo; chroot foo; cd .."
        mkdir rootfs/foo
        cp rootfs/bin/busybox rootfs/foo/sh
        cat >rootfs/escape <<'END'
cd /
exec 9</
mkdir -p /foo/bar
chroot /foo /sh -c 'true'
cd /proc/self/fd/9/../../../../../.. && cat marker
cat /proc/1/cwd/../../../../marker /proc/1/root/../../marker
END
        for options in "" --no-pivot; do
                # shellcheck disable=SC2086 # none or one
                run_container 'sh /escape' $options
                assert_output $'inside\ninside\ninside'
        done
}

# What a process with CAP_SYS_ADMIN in the container could do: take its root away, and see what lies below.
uncover_root() { # PID
        python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
namespace = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
def check(r):
    if r:
        sys.exit(os.strerror(ctypes.get_errno()))
check(libc.setns(namespace, 0x20000))
print("root:", os.path.exists("/in-container"), os.path.exists("/proc/version"))
check(libc.umount2(b"/", 2))
# setns(2): the root is that of the namespace
check(libc.setns(namespace, 0x20000))
print("below:", os.path.exists("/in-container"), os.path.exists("/etc"), os.listdir("/proc"), os.listdir("/sys"))' "$1"
}

@test "--no-pivot: what lies below the root is without a procfs and a sysfs" {
        bundle web
        touch rootfs/in-container
        run_detached ocirun create --no-pivot "$ID"
        assert_status 0
        run uncover_root "$(container_pid)"
        assert_status 0
        # they would not have the masked and read-only paths
        assert_output $'root: True True\nbelow: False True [] []'
}

@test "without a mount namespace of its own, the container still has its root" {
        bundle web
        echo inside >rootfs/marker
        config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] |
                .linux |= (.maskedPaths = [] | .readonlyPaths = [])'
        run_container 'cat /marker; ls -d /../etc/passwd'
        assert_status 0
        assert_output $'inside\n/../etc/passwd'
        # nothing of it stays mounted on the host
        assert_equal "$(grep -c "$BUNDLE" /proc/self/mountinfo)" 0
}

@test "a root on an overlay, on a tmpfs and one that is a mount point already" {
        bundle web
        mkdir upper work merged memory
        config '.process.args = ["sh", "-c", "echo $HOSTNAME >/new && cat /new /proc/self/mountinfo"] |
                .process.env += ["HOSTNAME=text"]'
        run_on() { # PATH
                mount -t overlay -o "lowerdir=rootfs,upperdir=upper,workdir=work" overlay merged
                mount -t tmpfs tmpfs memory
                cp -a rootfs/. memory/
                mount --bind rootfs rootfs
                mount --bind -o ro rootfs/proc rootfs/proc
                ocirun run "$ID"
        }
        for row in "merged overlay" "memory tmpfs" "rootfs "; do
                config --arg path "${row% *}" '.root.path = $path'
                privately run_on
                assert_status 0
                assert_equal "${lines[0]}" text
                [ "${row% *}" = rootfs ] || assert_equal "$(mount_on / type)" "${row#* }"
        done
}
