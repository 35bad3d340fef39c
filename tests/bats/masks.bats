#!/usr/bin/env bats
# linux.maskedPaths and linux.readonlyPaths.

load helpers
load mounts

masked() {
        config --arg paths "$(printf '%s\n' "$@")" '.linux.maskedPaths = ($paths / "\n")'
}

readonly_paths() {
        config --arg paths "$(printf '%s\n' "$@")" '.linux.readonlyPaths = ($paths / "\n")'
}

@test "maskedPaths: files and directories cannot be read, and those that are missing do not matter" {
        bundle web
        # "will mask over the provided paths inside the container so that they cannot be read"
        mkdir -p rootfs/secret/sub
        echo secret >rootfs/secret/file
        echo secret >rootfs/secret-file
        chmod 0644 rootfs/secret-file
        masked /secret /secret-file /missing /missing/file /secret-file/below /proc/kcore /proc/no-such /sys/firmware
        run_container 'cat /secret-file; ls -A /secret; ls /missing; cat /proc/self/mountinfo
                touch /secret/new; echo x >/secret-file && cat /secret-file'
        assert_status 0
        refute_output_contains $'\nsecret\n'
        refute_output_contains $'\nsub'
        # over a directory lies an empty tmpfs that nobody can fill, over a file the null device
        assert_equal "$(mount_on /secret type)" tmpfs
        [[ $(mount_on /secret options) = ro,nosuid,nodev,noexec,* ]]
        [[ $(mount_on /secret-file root) = */null ]]
        assert_output_contains "touch: /secret/new: Read-only file system"
        refute_output_contains " /missing "
        assert_equal "$(cat rootfs/secret-file rootfs/secret/file)" $'secret\nsecret'
}

@test "maskedPaths: twice, through links, and one inside another" {
        bundle web
        mkdir -p rootfs/a/b outside
        echo secret >rootfs/a/b/file
        echo host >outside/file
        ln -s a/b rootfs/link
        ln -s "$PWD/outside" rootfs/link-outside
        ln -s loop rootfs/loop-2
        masked /link /link /link/file /link-outside /a /a/b /a/./
        run_container 'ls -A /a; cat /a/b/file; cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "${lines[0]}" "cat: can't open '/a/b/file': No such file or directory"
        assert_equal "$(mount_on /a type)" tmpfs
        assert_equal "$(cat outside/file)" host
}

@test "readonlyPaths: files, directories and what is mounted below them cannot be written" {
        bundle web
        # "will set the provided paths as readonly inside the container"
        mkdir -p rootfs/ro/sub rootfs/rw
        echo text >rootfs/ro/file
        echo text >rootfs/file
        add_mount /ro/sub tmpfs tmpfs noexec
        readonly_paths /ro /file /missing /file/below /proc/sys /ro
        run_container 'cat /ro/file /file
                for f in /ro/new /ro/file /ro/sub/new /file /rw/new /proc/sys/kernel/domainname; do
                        (echo x >$f) 2>/dev/null && echo "wrote $f"
                done
                cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "${lines[0]} ${lines[1]} ${lines[2]}" "text text wrote /rw/new"
        refute_output_contains "wrote /ro"
        refute_output_contains "wrote /file"
        refute_output_contains "wrote /proc"
        # other options stay as they are
        assert_equal "$(mount_on /ro/sub options)" ro,noexec,relatime
        [[ $(mount_on /proc/sys options) = ro,* ]]
}

@test "readonlyPaths: through links, and inside masked paths" {
        bundle web
        mkdir -p rootfs/real rootfs/masked/sub
        ln -s real rootfs/link
        masked /masked
        readonly_paths /link /masked/sub
        run_container 'touch /real/new'
        assert_status 1
        assert_output "touch: /real/new: Read-only file system"
}

@test "maskedPaths and readonlyPaths must be absolute, and not the root, which nothing can cover" {
        bundle web
        # "The values MUST be absolute paths in the container namespace."
        for property in maskedPaths readonlyPaths; do
                for path in proc/kcore ./a ../a ""; do
                        config --arg property $property --arg path "$path" '.linux[$property][2] = $path'
                        run_detached ocirun create "$ID"
                        assert_status 1
                        assert_output_contains \
                                "config.json: linux.${property}[2]: must be an absolute path, not \"$path\""
                done
                config --arg property $property '.linux[$property][2] = "//"'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.${property}[2]: must not be the root"
                config --arg property $property '.linux[$property] = []'
        done
}

@test "a path that cannot be resolved is an error, and not left unmasked" {
        bundle web
        ln -s loop rootfs/loop
        for property in maskedPaths readonlyPaths; do
                config --arg property $property '.linux |= . + { maskedPaths: [], readonlyPaths: [] } |
                        .linux[$property] = ["/loop"]'
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains \
                        "config.json: linux.${property}[0]: open /loop: too many levels of symbolic links (ELOOP)"
        done
}

@test "hundreds of masked paths are one file system" {
        bundle web
        mkdir -p rootfs/d/{1..200}
        config '.linux.maskedPaths = [range(1; 201) | "/d/\(.)"]'
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        # field 3 is the device
        assert_equal "$(awk '$5 ~ "^/d/" { print $3 }' <<<"$output" | sort | uniq -c | awk '{ print $1 }')" 200
}
