#!/usr/bin/env bats
# config.md, Mounts: types, sources, destinations, order, id mappings.

load helpers
load mounts

# Create with this as the only mount of ours; its error is that of mounts[6].
refused() { # MOUNT EXPECTED
        config --argjson mount "$1" '.mounts[6] = $mount'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: mounts[6]$2"
        assert_no_debris
}

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
