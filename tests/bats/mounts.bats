#!/usr/bin/env bats
# config.md, Mounts: types, sources, destinations, order, id mappings.

load helpers
load mounts

# ---- bind mounts

@test "a directory and a file are mounted, from the bundle or from an absolute path" {
        bundle web
        # "Path values for bind mounts are either absolute or relative to the bundle."
        mkdir -p source/sub "$BATS_TEST_TMPDIR/elsewhere"
        echo inside >source/sub/file
        echo outside >"$BATS_TEST_TMPDIR/elsewhere/file"
        bind source/sub /directory
        bind ./source/../source/sub/file /file
        bind "$BATS_TEST_TMPDIR/elsewhere" /absolute
        bind ../elsewhere/file /etc/passwd
        # the bundle is not the caller's directory
        cd /
        run_container 'cat /directory/file /file /absolute/file /etc/passwd; echo new >/directory/new'
        assert_status 0
        assert_output $'inside\ninside\noutside\noutside'
        assert_equal "$(cat "$BUNDLE/source/sub/new")" new
}

@test "a bind mount is one by its options or by its type" {
        bundle web
        mkdir -p source
        # "A mount is a bind mount if it has either bind or rbind in the options."
        config '.mounts += [
                { destination: "/a", source: "source", options: ["bind"] },
                { destination: "/b", source: "source", type: "tmpfs", options: ["rbind"] },
                { destination: "/c", source: "source", type: "none", options: ["rw", "bind"] },
                { destination: "/d", source: "source", type: "bind" }]'
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        for m in a b c d; do
                [[ $(mount_on /$m root) = */web/source ]] || fail "/$m: $output"
        done
}

@test "special files are bound, too, and a symbolic link in the source is followed" {
        bundle web
        mkfifo source-fifo
        echo text >text
        ln -s text source-link
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("source-socket")'
        bind source-fifo /fifo
        bind source-link /link
        bind source-socket /socket
        bind /dev/null /null
        run_container '[ -p /fifo ] && [ -S /socket ] && [ -c /null ] && [ -f /link ] && cat /link'
        assert_status 0
        assert_output text
}

@test "a source that is missing, or not of the destination's kind, is an error" {
        bundle web
        mkdir source
        touch file
        refused '{ "destination": "/m", "source": "nothing", "options": ["bind"] }' \
                ".source: open nothing: no such file or directory (ENOENT)"
        refused '{ "destination": "/m", "source": "file/x", "options": ["bind"] }' \
                ".source: open file/x: not a directory (ENOTDIR)"
        refused '{ "destination": "/m", "source": "", "options": ["bind"] }' ".source: is required for a bind mount"
        refused '{ "destination": "/m", "options": ["rbind"] }' ".source: is required for a bind mount"
        refused '{ "destination": "/tmp", "source": "file", "options": ["bind"] }' \
                ": mount file on /tmp: not a directory (ENOTDIR)"
        assert_output_contains "hint: the source is a file, and the destination is a directory"
        refused '{ "destination": "/etc/passwd", "source": "source", "options": ["bind"] }' \
                ".destination: open the mount point /etc/passwd: not a directory (ENOTDIR)"
        refused '{ "destination": "/etc/passwd/x", "source": "source", "options": ["bind"] }' \
                ".destination: open the mount point /etc/passwd/x: not a directory (ENOTDIR)"
}

# ---- destinations

@test "a destination inside the root is made, with mode 0755 and without setgid" {
        bundle web
        touch file
        mkdir -m 2775 rootfs/shared
        chgrp 50 rootfs/shared
        add_mount /shared/a/b tmpfs tmpfs
        bind file /shared/c/d/file
        umask 0077
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "$(mount_on /shared/a/b type)" tmpfs
        assert_equal "$(stat -c %a rootfs/shared rootfs/shared/{a,a/b,c,c/d,c/d/file} | paste -sd' ')" \
                "2775 755 755 755 755 644"
        assert_equal "$(stat -c %u:%g rootfs/shared/a/b)" 0:0
}

@test "a relative destination is relative to the root" {
        bundle web
        # "For compatibility with old tools and configurations, it MAY be a relative path, in which case it MUST be
        # interpreted as relative to "/"."
        mkdir source
        touch file
        config '.process.cwd = "/tmp"'
        add_mount a/b tmpfs tmpfs
        add_mount ./c//d/./ tmpfs tmpfs
        add_mount ../../e tmpfs tmpfs
        bind source f
        bind file g/
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        for m in /a/b /c/d /e /f /g; do
                assert_output_contains " $m rw,relatime"
        done
        refute_exists "$BATS_TEST_TMPDIR/e"
}

@test "symbolic links in a destination are followed inside the root, also where they lead to nothing" {
        bundle web
        mkdir -p outside/kept rootfs/real/dir rootfs/tmp/there
        touch file
        ln -s "$PWD/outside" rootfs/absolute
        ln -s ../../../../../../../../../../..$PWD/outside rootfs/upwards
        ln -s chain-2/x rootfs/chain-1
        ln -s /real/chain-3 rootfs/chain-2
        ln -s ../tmp/./there rootfs/real/chain-3
        ln -s /real/../real/dir rootfs/to-directory
        ln -s nothing/../nothing-2/file rootfs/to-file
        for m in absolute upwards/new chain-1 to-directory to-directory/../sibling; do
                add_mount "/$m" tmpfs tmpfs
        done
        bind file /to-file
        bind file /absolute/new/file
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        for m in "$PWD/outside" "$PWD/outside/new" /tmp/there/x /real/dir /real/sibling; do
                assert_equal "$m $(mount_on "$m" type)" "$m tmpfs"
        done
        for m in /nothing-2/file "$PWD/outside/new/file"; do
                [[ $(mount_on "$m" root) = */web/file ]] || fail "$m: $output"
        done
        assert_equal "$(find outside)" $'outside\noutside/kept'
}

@test "symbolic links that go round in a circle, or into a process, are refused" {
        bundle web
        touch file
        ln -s loop-2 rootfs/loop-1
        ln -s loop-1/x rootfs/loop-2
        ln -s /proc/self/root/etc rootfs/magic
        ln -s /proc/self/fd/0/../ rootfs/magic-fd
        for destination in loop-1 loop-1/y loop-2 magic magic/z magic-fd; do
                refused "{ \"destination\": \"/$destination\", \"type\": \"tmpfs\" }" \
                        ".destination: open the mount point /$destination: too many levels of symbolic links (ELOOP)"
                refused "{ \"destination\": \"/$destination\", \"source\": \"file\", \"options\": [\"bind\"] }" \
                        ".destination: open the mount point /$destination: too many levels of symbolic links (ELOOP)"
        done
}

@test "the root itself is no destination, but for a remount" {
        bundle web
        mkdir source
        for destination in / // /. ./ .. /../ ; do
                refused "{ \"destination\": \"$destination\", \"type\": \"tmpfs\" }" \
                        ".destination: must not be the root; root.path says what that is"
        done
        refused '{ "destination": "", "type": "tmpfs" }' ".destination: must not be empty"
        config '.mounts[6] = { destination: "/", options: ["remount", "bind", "ro", "nodev"] }'
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "$(mount_on / options)" ro,nodev,relatime
}
