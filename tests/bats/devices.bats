#!/usr/bin/env bats
# config-linux.md, Devices and Default Devices; runtime-linux.md, Dev symbolic links.

load helpers
load mounts

# Devices are looked at from inside: stat(1) of busybox.
describe() { # PATH...
        run_container "stat -c '%n %F %t:%T %a %u:%g' $*"
}

# So that a node that the cgroup forbids is not what fails.
allow_devices() {
        config '.linux.resources.devices = [{ allow: true, access: "rwm" }]'
}

@test "the default devices are there, and work" {
        bundle web
        # "In addition to any devices configured with this setting, the runtime MUST also supply"
        describe /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
        assert_status 0
        assert_output "/dev/null character special file 1:3 666 0:0
/dev/zero character special file 1:5 666 0:0
/dev/full character special file 1:7 666 0:0
/dev/random character special file 1:8 666 0:0
/dev/urandom character special file 1:9 666 0:0
/dev/tty character special file 5:0 666 0:0"
        # the configuration's cgroup allows nothing but them
        run_container '
                echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 4 /dev/random | wc -c
                head -c 4 /dev/urandom | wc -c; echo x >/dev/full'
        assert_output "4
4
4
sh: write error: No space left on device"
}

@test "the links in /dev: fd, stdin, stdout, stderr and ptmx" {
        bundle web
        # runtime-linux.md: "if the source file exists after processing mounts"
        # "/dev/ptmx: A bind-mount or symlink of the container's /dev/pts/ptmx"
        run_container 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done
                echo through >/dev/stdout; stat -L -c %t:%T /dev/ptmx'
        assert_status 0
        assert_output $'/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\nthrough\n5:2'
        # without a /proc there is no source
        config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
        run_container 'ls /dev'
        assert_status 0
        assert_output $'full\nmqueue\nnull\nptmx\npts\nrandom\nshm\ntty\nurandom\nzero'
}

@test "linux.devices: each type, anywhere in the file system, with its mode and owner" {
        bundle web
        # "devices that MUST be available in the container"; "The path MAY be anywhere in the container filesystem,
        # notably outside of /dev"; type: c, b, u or p
        config '.linux.devices = [
                { path: "/dev/char", type: "c", major: 10, minor: 229, fileMode: 432, uid: 7, gid: 8 },
                { path: "/dev/sub/dir/block", type: "b", major: 254, minor: 1048575, fileMode: 384 },
                { path: "/dev/unbuffered", type: "u", major: 4095, minor: 0 },
                { path: "/opt/new/fifo", type: "p", fileMode: 420, uid: 1000, gid: 1000 },
                { path: "/outside", type: "c", major: 1, minor: 3, fileMode: 0 },
                { path: "/dev/with-type", type: "c", major: 1, minor: 3, fileMode: 8592 }]'
        umask 0077
        describe /dev/char /dev/sub/dir/block /dev/unbuffered /opt/new/fifo /outside /dev/with-type
        assert_status 0
        assert_output "/dev/char character special file a:e5 660 7:8
/dev/sub/dir/block block special file fe:fffff 600 0:0
/dev/unbuffered character special file fff:0 666 0:0
/opt/new/fifo fifo 0:0 644 1000:1000
/outside character special file 1:3 0 0:0
/dev/with-type character special file 1:3 620 0:0"
        assert_equal "$(stat -c %a rootfs/opt/new)" 755
}

@test "linux.devices: a default device can be given another mode and owner" {
        bundle web
        config '.linux.devices = [{ path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 5, gid: 6 }]'
        describe /dev/null
        assert_output "/dev/null character special file 1:3 666 5:6"
}

@test "linux.devices: what exists at a path must be the device" {
        bundle web
        # "If a file already exists at path that does not match the requested device, the runtime MUST generate an
        # error."
        mkdir rootfs/d
        mknod rootfs/d/same c 1 5
        mkfifo rootfs/d/fifo
        mknod rootfs/d/other c 1 3
        mknod rootfs/d/block b 1 5
        touch rootfs/d/file
        ln -s same rootfs/d/link
        config '.linux.devices = [{ path: "/d/same", type: "c", major: 1, minor: 5 }, { path: "/d/fifo", type: "p" }]'
        run_container '[ -c /d/same ] && [ -p /d/fifo ]'
        assert_status 0
        for name in other block file fifo link; do
                config --arg path "/d/$name" '.linux.devices = [{ $path, type: "c", major: 1, minor: 5 }]'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains \
                        "config.json: linux.devices[0].path: /d/$name exists and is not the device that is asked for"
        done
        config '.linux.devices = [{ path: "/d", type: "c", major: 1, minor: 5 }]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.devices[0].path: /d exists and is not the device that is asked for"
}

@test "linux.devices: values that no device can have are errors" {
        bundle web
        for row in '{ "path": "d", "type": "c", "major": 1, "minor": 1 }|.path: must be an absolute path, not "d"' \
                '{ "path": "/d", "type": "x", "major": 1, "minor": 1 }|.type: must be b, c, u or p, not "x"' \
                '{ "path": "/d", "type": "c", "minor": 1 }|.major: is required, but for fifos' \
                '{ "path": "/d", "type": "b", "major": 1 }|.minor: is required, but for fifos' \
                '{ "path": "/d", "type": "c", "major": 4096, "minor": 1 }|.major: must be from 0 to 4095, not 4096' \
                '{ "path": "/d", "type": "c", "major": 4294967297, "minor": 1 }|.major: must be from 0 to 4095' \
                '{ "path": "/d", "type": "c", "major": 1, "minor": -1 }|.minor: must be from 0 to 1048575, not -1' \
                '{ "path": "/d", "type": "p", "uid": 4294967295 }|.uid: must be below 4294967295' \
                '{ "path": "/d", "type": "c", "major": 1, "minor": 3, "gid": 4294967295 }|.gid: must be below 4294967295' \
                '{ "path": "/d", "type": "p", "uid": 4294967296 }|.uid: must be from 0 to 4294967295' \
                '{ "path": "/d", "type": "p", "fileMode": 65536 }|.fileMode: must be permissions, not 65536' \
                '{ "path": "/", "type": "c", "major": 1, "minor": 1 }|: ' '{ "path": "/d/..", "type": "p" }|: '; do
                config --argjson device "${row%|*}" '.linux.devices = [$device]'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.devices[0]${row#*|}"
        done
}

@test "linux.devices: paths through links stay inside the root" {
        bundle web
        mkdir outside
        ln -s "$PWD/outside" rootfs/absolute
        ln -s ../../../../../../../../../.."$PWD/outside" rootfs/upwards
        config '.linux.devices = [{ path: "/absolute/a", type: "c", major: 1, minor: 3 },
                { path: "/upwards/sub/b", type: "p" }]'
        run_container "[ -c $PWD/outside/a ] && [ -p $PWD/outside/sub/b ]"
        assert_status 0
        assert_equal "$(find outside)" outside
}

@test "an image's own /dev, on which nothing is mounted" {
        bundle web
        rm -rf rootfs/dev
        config '.mounts |= map(select(.destination | startswith("/dev") | not))'
        describe /dev/null /dev/tty /dev/ptmx
        assert_status 0
        assert_equal "${lines[0]}" "/dev/null character special file 1:3 666 0:0"
        # what an earlier container left, and what an image brings, is as good
        describe /dev/null /dev/tty /dev/ptmx
        assert_status 0
        # not even the directory has to be writable then
        config '.root.readonly = true'
        describe /dev/null
        assert_status 0
}

@test "a Debian root, with its own /dev and without a mount on it" {
        needs debian-root
        bundle web
        mkdir lower upper work merged
        # 150 MB are not copied: the layers are the bundle's
        config --arg lower "$OCIRUN_TEST_ROOTS/debian" '.root.path = "merged" |
                .mounts |= map(select(.destination | startswith("/dev") | not)) |
                .process.env = ["PATH=/usr/bin:/bin"]'
        run_on_overlay() {
                mount -t overlay -o "lowerdir=$OCIRUN_TEST_ROOTS/debian,upperdir=upper,workdir=work" overlay merged
                ocirun run "$ID"
        }
        config '.process.args = ["sh", "-c", "grep ^ID= /etc/os-release; stat -c %F%t:%T /dev/null; echo x >/dev/null"]'
        privately run_on_overlay
        assert_status 0
        assert_output $'ID=debian\ncharacter special file1:3'
}

@test "a container in a user namespace gets the host's nodes" {
        bundle web
        # "The runtime MAY supply them however it likes"
        config '.linux.namespaces += [{ type: "user" }] | .linux |= . + {
                        uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }],
                        gidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }]
                }'
        chown -R 100000:100000 rootfs
        run_container 'echo x >/dev/null && head -c 2 /dev/zero | wc -c; stat -c "%n %t:%T" /dev/full /dev/tty'
        assert_status 0
        assert_output $'2\n/dev/full 1:7\n/dev/tty 5:0'
        config '.linux.devices = [{ path: "/dev/wrong", type: "c", major: 1, minor: 3 }, { path: "/fifo", type: "p" }]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.devices[0]: open the host's /dev/wrong"
        config 'del(.linux.devices[0])'
        run_container '[ -p /fifo ]'
        assert_status 0
}

@test "the cgroup decides which devices may be used" {
        bundle web
        config '.linux.devices = [{ path: "/dev/port", type: "c", major: 1, minor: 4, fileMode: 438 }]'
        config '.process.capabilities[] |= . + ["CAP_MKNOD"]'
        # "You can also control access to devices with cgroups"
        run_container 'head -c 0 /dev/port; mknod /tmp/port c 1 4; mknod /tmp/null c 1 3 && echo x >/tmp/null'
        assert_output_contains "/dev/port: Operation not permitted"
}
