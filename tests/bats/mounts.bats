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
        ln -s ../../../../../../../../../../.."$PWD/outside" rootfs/upwards
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

# ---- types, order

@test "mounts are made in the listed order" {
        bundle web
        # "The runtime MUST mount entries in the listed order."
        mkdir -p source/sub
        echo file >source/sub/file
        add_mount /m tmpfs first
        bind source /m/a
        add_mount /m/a/sub tmpfs second
        bind source/sub/file /m/a/sub/f
        # this one covers what came before
        add_mount /over/b tmpfs hidden
        add_mount /over tmpfs third
        add_mount /twice tmpfs one
        add_mount /twice tmpfs two
        run_container 'cat /proc/self/mountinfo; find /m /over'
        assert_status 0
        for row in "/m first" "/m/a/sub second" "/over third" "/twice two"; do
                assert_equal "${row% *} $(mount_on "${row% *}" source)" "$row"
        done
        assert_equal "$(grep '^/' <<<"$output" | paste -sd' ')" "/m /m/a /m/a/sub /m/a/sub/f /over"
}

@test "the types that engines use: proc, sysfs, mqueue, devpts, tmpfs and cgroup" {
        bundle web
        needs cgroup2
        add_mount /sys/fs/cgroup cgroup cgroup ro,nosuid,nodev,noexec
        add_mount /cgroup2 cgroup2 cgroup ro
        add_mount /another/proc proc proc
        run_container 'cat /proc/self/mountinfo; ls -d /proc/1 /another/proc/1 /sys/kernel /dev/mqueue /dev/pts/ptmx
                ls -d /cgroup2/cgroup.procs /sys/fs/cgroup/cgroup.procs'
        assert_status 0
        for row in "/proc proc" "/dev tmpfs" "/dev/pts devpts" "/dev/shm tmpfs" "/dev/mqueue mqueue" "/sys sysfs" \
                "/sys/fs/cgroup cgroup2" "/cgroup2 cgroup2" "/another/proc proc"; do
                assert_equal "${row% *} $(mount_on "${row% *}" type)" "$row"
        done
        # a cgroup namespace: the container's cgroup is the top
        assert_equal "$(mount_on /sys/fs/cgroup root)" /
}

@test "a file system of type overlay, with the layers of its options" {
        bundle web
        mkdir -p lower-1 lower-2 upper work
        echo 1 >lower-1/one
        echo 2 >lower-2/two
        add_mount /m overlay overlay "lowerdir=$PWD/lower-1:$PWD/lower-2,upperdir=$PWD/upper,workdir=$PWD/work"
        run_container 'cat /m/one /m/two; echo new >/m/new; rm /m/one'
        assert_status 0
        assert_output $'1\n2'
        assert_equal "$(cat upper/new lower-1/one)" $'new\n1'
}

@test "a type that is missing, or unknown, is an error" {
        bundle web
        refused '{ "destination": "/m", "source": "tmpfs" }' ".type: is required, but for bind mounts"
        refused '{ "destination": "/m", "type": "colourfs" }' \
                ".type: mount colourfs on /m: no such device (ENODEV)"
        assert_output_contains "hint: the kernel does not know this file system"
        refused '{ "destination": "/m", "type": "ext4", "source": "/nothing" }' ": mount ext4 on /m:"
}

@test "a remount changes the options of a mount, and without bind those of its file system" {
        bundle web
        mkdir source
        add_mount /m tmpfs tmpfs size=64k
        bind source /b nodev
        config '.mounts += [
                { destination: "/m", type: "tmpfs", options: ["remount", "ro", "nosuid", "size=128k"] },
                { destination: "/b", options: ["remount", "bind", "ro", "noexec"] },
                { destination: "/dev/shm", type: "tmpfs", options: ["remount", "bind", "ro"] }]'
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "$(mount_on /m options) $(mount_on /m super)" "ro,nosuid,relatime ro,size=128k,mode=755"
        assert_equal "$(mount_on /b options)" ro,nodev,noexec,relatime
        # "bind": the mount alone
        [[ $(mount_on /dev/shm options) = ro,* ]]
        [[ $(mount_on /dev/shm super) = rw,* ]]
        refused '{ "destination": "/nothing", "options": ["remount", "ro"] }' \
                ".destination: open the mount point /nothing: no such file or directory (ENOENT)"
}

@test "a thousand new file systems need no thousand descriptors" {
        bundle web
        config '.mounts += [range(1000) | { destination: "/m/\(.)", type: "tmpfs", options: ["size=4k"] }]'
        config '.process.args = ["grep", "-c", " /m/", "/proc/self/mountinfo"]'
        few_descriptors() {
                ulimit -Sn 1024
                ulimit -Hn 1024
                ocirun run "$ID"
        }
        run few_descriptors
        assert_status 0
        assert_output 1000
}

@test "the usual limit of open files is no limit of bind mounts" {
        bundle web
        mkdir source
        config '.mounts += [range(1000) | { destination: "/m/\(.)", source: "source", options: ["bind", "ro"] }]'
        config 'del(.process.rlimits) |
                .process.args = ["sh", "-c", "grep -c \"/source /m/\" /proc/self/mountinfo; ulimit -n"]'
        usual_descriptors() {
                ulimit -Sn 1024
                ocirun run "$ID"
        }
        run usual_descriptors
        assert_status 0
        # the container has the caller's limit
        assert_output "1000
1024"
}

# ---- id mappings

# config.md: "uidMappings: The mapping to convert UIDs from the source file system to the destination mount point."
@test "idmap with mappings of its own, and its source is unchanged" {
        bundle web
        mkdir -p source/sub
        touch source/file
        chown 1000:2000 source/file
        config '.mounts += [{
                destination: "/m", source: "source", options: ["bind", "idmap"],
                uidMappings: [{ containerID: 0, hostID: 5000, size: 10 }, { containerID: 1000, hostID: 7000, size: 1 }],
                gidMappings: [{ containerID: 0, hostID: 6000, size: 10 }, { containerID: 2000, hostID: 8000, size: 1 }]
        }]'
        run_container 'stat -c %u:%g /m/file; cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "${lines[0]}" 7000:8000
        assert_output_matches '/m rw,relatime(,| )idmapped'
        assert_equal "$(stat -c %u:%g source/file)" 1000:2000
}

# "If they are not specified, the runtime MAY use the container's user namespace mapping"
@test "idmap without mappings uses the container's, and without a user namespace it is an error" {
        bundle web
        mkdir source
        touch source/file
        chown 3:4 source/file
        config '.linux.namespaces += [{ type: "user" }] | .linux |= . + {
                        uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }],
                        gidMappings: [{ containerID: 0, hostID: 200000, size: 1000 }]
                }'
        chown -R 100000:200000 rootfs
        bind source /m idmap
        bind source /plain
        run_container 'stat -c %u:%g /m/file /plain/file'
        assert_status 0
        assert_output $'3:4\n65534:65534'
        # what the container makes there belongs to the same ids on the host, without its mapping
        chmod 0777 source
        run_container 'touch /m/new'
        assert_status 0
        assert_equal "$(stat -c %u:%g source/new)" 0:0
        # "If there are no uidMappings and gidMappings specified and the container isn't using user namespaces, an
        # error MUST be returned"
        config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
        refused '{ "destination": "/m", "source": "source", "options": ["bind", "idmap"] }' ": idmap needs a mapping"
        refused '{ "destination": "/m", "source": "source", "options": ["bind", "ridmap"] }' ": idmap needs a mapping"
        # "If specified, it MUST be specified along with gidMappings."
        refused '{ "destination": "/m", "source": "source", "options": ["bind", "idmap"],
                "uidMappings": [{ "containerID": 0, "hostID": 1, "size": 1 }] }' \
                ": uidMappings and gidMappings must be given together"
}

run_with_mapped_submount() {
        mkdir -p source/sub below
        touch source/file below/file
        mount --bind below source/sub
        ocirun run "$ID"
}

@test "ridmap maps the mounts below, idmap does not" {
        bundle web
        config '.mounts += [("idmap", "ridmap") | {
                destination: "/\(.)", source: "source", options: ["rbind", .],
                uidMappings: [{ containerID: 0, hostID: 5000, size: 10 }],
                gidMappings: [{ containerID: 0, hostID: 6000, size: 10 }] }]'
        config '.process.args = ["stat", "-c", "%n %u:%g"] + [("/idmap", "/ridmap") | . + ("/file", "/sub/file")]'
        privately run_with_mapped_submount
        assert_status 0
        assert_output "/idmap/file 5000:6000
/idmap/sub/file 0:0
/ridmap/file 5000:6000
/ridmap/sub/file 5000:6000"
}

@test "a file system that cannot have an id mapping says so" {
        bundle web
        config '.mounts[6] = { destination: "/m", source: "/proc", options: ["bind", "idmap"],
                uidMappings: [{ containerID: 0, hostID: 5000, size: 10 }],
                gidMappings: [{ containerID: 0, hostID: 6000, size: 10 }] }'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains \
                "config.json: mounts[6].options: set options of the mount on /m: invalid argument (EINVAL)"
}
