#!/usr/bin/env bats
# The mount option tmpcopyup: "copy up the contents to a tmpfs" (config.md), and the mode of a tmpfs.

load helpers
load mounts

setup() {
        setup_test
        bundle web
        mkdir rootfs/data
}

# All files of a directory: of links and special files not the times, which a copy has its own of.
describe() {
        find "$1" -mindepth 1 \
                '(' -type d -printf '%P: %y %m %U:%G %T@\n' ')' -o \
                '(' -type f -printf '%P: %y %m %U:%G %T@ %s\n' ')' -o \
                -printf '%P: %y %m %U:%G %l\n' | sort
}

copy_up() { # [OPTIONS]
        add_mount /data tmpfs tmpfs "tmpcopyup${1:+,$1}"
}

# Create the container; the path is where its /data can be seen from outside.
create_with_data() {
        run_detached ocirun create "$ID"
        assert_status 0
        data=/proc/$(container_pid)/root/data
}

@test "files keep their modes, owners, times and contents; directories, links, fifos and devices are copied" {
        mkdir -p rootfs/data/{sub/deeper,empty}
        echo text >rootfs/data/file
        printf 'a\nb' >"rootfs/data/name with"$'\n'"a newline"
        head -c 3000000 /dev/urandom >rootfs/data/sub/large
        : >rootfs/data/sub/deeper/nothing
        ln -s /etc/passwd rootfs/data/absolute
        ln -s nothing rootfs/data/dangling
        ln -s ../../../../../../etc rootfs/data/upwards
        mkfifo -m 0640 rootfs/data/fifo
        mknod -m 0620 rootfs/data/device c 1 3
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("rootfs/data/socket")'
        # setuid survives the change of owner only when it is set after it
        chown 7:8 rootfs/data/{file,sub,fifo,device}
        chown -h 9:10 rootfs/data/{absolute,dangling}
        chmod 6751 rootfs/data/file
        chmod 3770 rootfs/data/sub
        chmod 0 rootfs/data/empty
        touch -d @1000000000 rootfs/data/{file,sub/large,sub/deeper,empty,sub}
        copy_up size=8m
        create_with_data
        assert_equal "$(describe "$data")" "$(describe rootfs/data)"
        [ "$(describe "$data" | wc -l)" -eq 14 ]
        cmp "$data/sub/large" rootfs/data/sub/large
        cmp "$data/name with"$'\n'"a newline" rootfs/data/name*
        assert_equal "$(stat -c %t:%T "$data/device")" 1:3
}

@test "what is written later is the container's alone" {
        echo image >rootfs/data/file
        copy_up
        run_container 'echo container >/data/file; echo new >/data/new; cat /data/file'
        assert_status 0
        assert_output container
        assert_equal "$(cat rootfs/data/file)" image
        refute_exists rootfs/data/new
}

@test "extended attributes are copied" {
        # a tmpfs has those of users since then
        needs linux:6.6
        mkdir rootfs/data/sub
        touch rootfs/data/file
        setfattr() {
                python3 -c 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())' "$@"
        }
        setfattr rootfs/data/file user.colour red
        setfattr rootfs/data/file trusted.secret xyz
        setfattr rootfs/data/sub user.empty ""
        copy_up
        create_with_data
        run python3 -c '
import os, sys
for name in "file", "sub":
    path = sys.argv[1] + "/" + name
    print(name, sorted((key, os.getxattr(path, key)) for key in os.listxattr(path)))' "$data"
        assert_output "file [('trusted.secret', b'xyz'), ('user.colour', b'red')]
sub [('user.empty', b'')]"
}

@test "holes stay holes: a sparse file takes no memory for them" {
        truncate -s 10G rootfs/data/sparse
        echo middle | dd of=rootfs/data/sparse bs=1M seek=5000 conv=notrunc status=none
        truncate -s 3G rootfs/data/empty
        printf 'begin' >rootfs/data/begin
        truncate -s 1G rootfs/data/begin
        copy_up size=1m
        create_with_data
        assert_equal "$(stat -c '%n %s' "$data"/* | sed 's,.*/,,')" \
                $'begin 1073741824\nempty 3221225472\nsparse 10737418240'
        assert_equal "$(tail -c +5242880001 "$data/sparse" | head -c 6)" middle
        assert_equal "$(head -c 5 "$data/begin")" begin
        [ "$(du -k "$data" | cut -f1)" -le 1024 ]
}

@test "a tmpfs that is too small is an error which names the file, and leaves nothing behind" {
        head -c 300000 /dev/zero >rootfs/data/large
        copy_up size=64k
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains \
                "config.json: mounts[6]: tmpcopyup: copy large: no space left on device (ENOSPC)"
        assert_no_debris
}

@test "directories may be 100 levels deep, and endless ones are refused" {
        path=rootfs/data$(printf '/d%.0s' {1..100})
        mkdir -p "$path"
        echo bottom >"$path/file"
        copy_up
        run_container "cat ${path#rootfs}/file"
        assert_status 0
        assert_output bottom
        mkdir -p "$path$(printf '/d%.0s' {1..100})"
        run_container true
        assert_status 1
        assert_output_contains "mounts[6]: tmpcopyup: directories are nested more than 128 levels deep"
}

@test "nothing is copied for a directory that is missing, or through a link out of the root" {
        mkdir outside
        echo secret >outside/file
        ln -s "$PWD/outside" rootfs/link
        add_mount /link tmpfs tmpfs tmpcopyup
        add_mount /missing/too tmpfs tmpfs tmpcopyup
        # the link is the image's, and led nowhere inside its root until the mount point was made
        run_container "ls -A /missing/too $PWD/outside /link"
        assert_status 0
        refute_output_contains file
        assert_equal "$(cat outside/file)" secret
}

@test "a copy is made before a mount is read-only, and with what earlier mounts show" {
        mkdir source
        echo mounted >source/file
        bind source /data
        copy_up ro
        run_container 'cat /data/file; touch /data/new'
        assert_status 1
        assert_output $'mounted\ntouch: /data/new: Read-only file system'
        refute_exists source/new
}

@test "a tmpfs has the mode of the directory that it covers, or the one of its options" {
        chmod 3751 rootfs/data
        mkdir -m 0700 rootfs/private
        add_mount /data tmpfs tmpfs
        add_mount /private tmpfs tmpfs mode=1777
        add_mount /new tmpfs tmpfs
        run_container 'stat -c "%a %n" /data /private /new'
        assert_status 0
        assert_output $'3751 /data\n1777 /private\n755 /new'
}

@test "tmpcopyup is for a tmpfs" {
        refused '{ "destination": "/m", "source": ".", "options": ["bind", "tmpcopyup"] }' \
                ".options: tmpcopyup is for a mount of type tmpfs"
}
