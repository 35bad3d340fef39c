#!/usr/bin/env bats
# The container's cgroup: where it is, what is refused, who owns it, and that nothing of it stays.
# Quotations are from config-linux.md, Control groups, unless another file is named.

load helpers
load cgroups

# cgroup(2) mounted writable, and the time to look at it
with_cgroup_mount() {
        config '.mounts += [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["nosuid", "noexec", "nodev", "relatime"] }]'
}

cgroup_path_is() {
        config --arg path "$1" '.linux.cgroupsPath = $path'
}

# The owner of each file of the container's cgroup that is not root's, and of the directory itself.
owned_files() {
        (cd "$(cgroup_dir "")" && find . -maxdepth 1 ! -uid 0 -printf '%U %f\n' | LC_ALL=C sort)
}

# ---- where it is

@test "an absolute cgroupsPath is below the root of the hierarchy, with all its levels" {
        # "the runtime MUST take the path to be relative to the cgroups mount point", "The cgroups will be created
        # if they don't exist"
        bundle web
        cgroup_path_is "/$ID/pod/web"
        create
        assert_equal "$(cgroup_path "")" "/$ID/pod/web"
        assert_equal "$(<"$(cgroup2_root)/$ID/pod/web/cgroup.procs")" "$(container_pid)"
        ocirun delete --force "$ID"
        assert_no_debris
}

@test "a relative cgroupsPath is always the same place, from wherever the runtime is called" {
        # "the runtime MUST consistently attach to the same place in the cgroups hierarchy given the same value"
        needs root
        bundle web
        cgroup_path_is "$ID/web"
        create
        assert_equal "$(cgroup_path "")" "/$ID/web"
        ocirun delete --force "$ID"

        mkdir "$(cgroup2_root)/$ID-caller"
        run_detached sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$(cgroup2_root)/$ID-caller" \
                "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "$(cgroup_path "")" "/$ID/web"
        ocirun delete --force "$ID"
        rmdir "$(cgroup2_root)/$ID-caller"
}

@test "without cgroupsPath the cgroup has the container's name" {
        bundle web
        create
        assert_equal "$(cgroup_path "")" "/ocirun-$ID"
}

@test "a cgroupsPath that would lead elsewhere is refused" {
        # "Runtimes MAY consider certain cgroupsPath values to be invalid, and MUST generate an error"
        bundle web
        for path in "/$ID/../web" ".." "/$ID//web" "/$ID/./web" "/" "$ID/"; do
                cgroup_path_is "$path"
                assert_refused "linux.cgroupsPath: \"$path\" has "
        done
}

@test "init is born in its cgroup, and never runs outside of it" {
        needs command:strace
        bundle web
        run_detached strace -qq -o trace -e trace=clone3 "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        run cat trace
        assert_output_contains CLONE_INTO_CGROUP
}

@test "the container is in no cgroup of a hierarchy that nothing is asked of" {
        needs cgroup1:memory cgroup1:pids
        bundle web
        resources '{ "pids": { "limit": 100 } }'
        create
        assert_equal "$(cgroup_path pids)" "/ocirun-$ID"
        assert_equal "$(cgroup_path memory)" "$(awk -F: '$2 == "memory" { print $3 }' /proc/self/cgroup)"
}

# ---- nothing stays

@test "levels that containers share stay until the last of them has gone" {
        local first last

        bundle web
        for first in a b; do
                cgroup_path_is "/$ID/x/a"
                run_detached ocirun create "$ID-a"
                assert_status 0
                cgroup_path_is "/$ID/x/b"
                run_detached ocirun create "$ID-b"
                assert_status 0
                last=$([ $first = a ] && echo b || echo a)
                ocirun delete --force "$ID-$first"
                refute_exists "$(cgroup2_root)/$ID/x/$first"
                assert_exists "$(cgroup2_root)/$ID/x/$last"
                ocirun delete --force "$ID-$last"
                refute_exists "$(cgroup2_root)/$ID"
        done
}

@test "cgroups that the container made go with it, and the processes in them" {
        # runtime.md, Delete: "Deleting a container MUST delete the resources that were created during the create step"
        needs root
        bundle web
        with_cgroup_mount
        config '.process.args = ["sh", "-c", "cd /sys/fs/cgroup; mkdir -p a/b/c d; sleep 1000 & echo $! >a/b/c/cgroup.procs
                echo $$ >d/cgroup.procs; echo ready >/f; wait"]'
        # without a pid namespace the end of init ends nothing else
        config '.linux.namespaces |= map(select(.type != "pid"))'
        create
        mkfifo rootfs/f
        run ocirun start "$ID"
        assert_status 0
        run timeout 60 cat rootfs/f
        assert_output ready
        assert_exists "$(cgroup2_root)/ocirun-$ID/a/b/c"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_no_debris
}

@test "a cgroup that was there before stays" {
        needs root
        mkdir "$(cgroup2_root)/$ID"
        bundle web
        cgroup_path_is "/$ID/web"
        create
        ocirun delete --force "$ID"
        refute_exists "$(cgroup2_root)/$ID/web"
        assert_exists "$(cgroup2_root)/$ID"

        # also when it is the container's own
        cgroup_path_is "/$ID"
        create
        assert_equal "$(cgroup_path "")" "/$ID"
        ocirun delete --force "$ID"
        assert_exists "$(cgroup2_root)/$ID"
        # and may be used again
        create
        ocirun delete --force "$ID"
        rmdir "$(cgroup2_root)/$ID"
}

@test "a limit that the kernel refuses leaves no cgroup" {
        bundle web
        cgroup_path_is "/$ID/pod/web"
        needs root cgroup:cpuset
        resources '{ "pids": { "limit": 10 }, "cpu": { "cpus": "0-999999" } }'
        assert_refused 'linux.resources.cpu.cpus: write "0-999999" to cpuset.cpus: '
}

# ---- what is not fit for a container

@test "a cgroup with processes is refused, and they stay" {
        # "MUST generate an error if such a check fails. For example, [...] a non-empty cgroup"
        needs root
        bundle web
        cgroup_path_is "/$ID/web"
        create
        pid=$(container_pid)
        run_detached ocirun create "$ID-2"
        assert_status 1
        assert_output_contains "linux.cgroupsPath: cgroup /$ID/web has processes already"
        assert_equal "$(<"$(cgroup2_root)/$ID/web/cgroup.procs")" "$pid"
        assert_equal "$(container_status)" created

        # or when they are further below
        cgroup_path_is "/$ID"
        run_detached ocirun create "$ID-2"
        assert_status 1
        assert_output_contains "linux.cgroupsPath: cgroup /$ID has processes already"
}

@test "a frozen cgroup is refused, also above, and create does not hang in it" {
        # "For example, a frozen cgroup"
        needs root
        top=$(cgroup2_root)/$ID
        mkdir -p "$top/web"
        bundle web
        for frozen in "$top" "$top/web"; do
                echo 1 >"$frozen/cgroup.freeze"
                for path in "/$ID/web" "/$ID/web/deep"; do
                        cgroup_path_is "$path"
                        run_detached timeout 60 "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
                        assert_status 1
                        assert_output_contains "linux.cgroupsPath: cgroup /$ID/web is frozen"
                done
                echo 0 >"$frozen/cgroup.freeze"
        done
        rmdir "$top/web" "$top"
}

# ---- without a cgroup

@test "--cgroup-manager=disabled leaves the container where the runtime is" {
        # what podman's --cgroups=disabled asks for
        bundle web
        run_detached ocirun --cgroup-manager disabled create "$ID"
        assert_status 0
        assert_equal "$(cgroup_path "")" "$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)"
        ocirun delete --force "$ID"

        resources '{ "pids": { "limit": 100 } }'
        run_detached ocirun --cgroup-manager=disabled create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.resources.pids.limit: needs a cgroup"
        assert_no_debris
}

read_only_cgroup2() {
        in_private_cgroup2 sh -c 'mount -o remount,bind,ro /sys/fs/cgroup && exec "$@"' sh \
                "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
}

@test "where no cgroup can be made, only a limit is an error" {
        needs root
        bundle web
        config '.process.args = ["echo", "runs"] | del(.linux.resources)'
        run read_only_cgroup2
        assert_output runs
        assert_status 0

        # what is no limit needs no cgroup
        config '.linux.resources = { memory: { limit: -1 }, pids: { limit: -1 } }'
        run read_only_cgroup2
        assert_output runs

        config '.linux.resources = { pids: { limit: 5 } }'
        run read_only_cgroup2
        assert_status 1
        assert_output_contains "linux.resources.pids.limit: the cgroup2 file system is mounted read-only"

        config '.linux.resources = { devices: [{ allow: false }] }'
        run read_only_cgroup2
        assert_status 1
        assert_output_contains "linux.resources.devices: the cgroup2 file system is mounted read-only"
        assert_no_debris
}

without_cgroup_mounts() {
        unshare --mount --propagation private -- sh -c 'umount -R /sys/fs/cgroup && exec "$@"' sh \
                "$OCIRUN" --root "$OCIRUN_ROOT" run --bundle "$BUNDLE" "$ID"
}

@test "the cgroup2 hierarchy need not be mounted" {
        needs root
        bundle web
        config '.process.args = ["cat", "/proc/self/cgroup"] | .linux.namespaces |= map(select(.type != "cgroup"))'
        run without_cgroup_mounts
        assert_status 0
        assert_output_contains "0::/ocirun-$ID"
        assert_no_debris
}

# ---- who owns it

@test "who mounts its cgroup writable owns it, and only what may be delegated" {
        # Cgroup ownership: "change the owner of the container's cgroup to the host uid that maps to the value of
        # process.user.uid", "only [...] the container's cgroup directory and files within that directory that are
        # listed in /sys/kernel/cgroup/delegate"
        needs root
        bundle web
        with_cgroup_mount
        config '.process.user = { uid: 1234, gid: 5 }'
        create
        # shellcheck disable=SC2046 # names without white space; some exist only with a controller
        expected=$(cd "$(cgroup_dir "")" && find . $(</sys/kernel/cgroup/delegate) -maxdepth 0 -printf '1234 %p\n' \
                2>/dev/null | LC_ALL=C sort)
        assert_equal "$(owned_files)" "$expected"
        [[ $expected = *cgroup.procs* ]]
        ocirun delete --force "$ID"

        # the user can use it
        run_container 'mkdir /sys/fs/cgroup/a && echo $$ >/sys/fs/cgroup/a/cgroup.procs && cat /proc/self/cgroup'
        assert_status 0
        assert_output_contains "0::/a"
        assert_no_debris
}

# What the kernel would list as fit to be delegated, for this test alone; nothing: the kernel has no list.
with_delegate_list() {
        unshare --mount --propagation private -- sh -euc 'mount -t tmpfs tmpfs /sys/kernel/cgroup
                list=$1 && shift
                [ -z "$list" ] || printf "%b" "$list" >/sys/kernel/cgroup/delegate
                exec "$@" </dev/null' sh "$1" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
}

@test "only what the kernel lists is delegated, and what is missing of it is no error" {
        # "not all files listed in /sys/kernel/cgroup/delegate necessarily exist in every cgroup. Runtimes MUST NOT fail in
        # this scenario, and SHOULD change the ownership of the listed files that do exist in the cgroup"
        needs root
        bundle web
        with_cgroup_mount
        config '.process.user.uid = 1234'
        run_detached with_delegate_list 'no.such.file\ncgroup.procs\n\ncgroup.type'
        assert_status 0
        assert_equal "$(owned_files | paste -sd' ')" "1234 . 1234 cgroup.procs 1234 cgroup.type"
        ocirun delete --force "$ID"

        # "If the /sys/kernel/cgroup/delegate file does not exist, the runtime MUST fall back to using the following list
        # of files: cgroup.procs cgroup.subtree_control cgroup.threads"
        run_detached with_delegate_list ""
        assert_status 0
        assert_equal "$(owned_files | paste -sd' ')" \
                "1234 . 1234 cgroup.procs 1234 cgroup.subtree_control 1234 cgroup.threads"
}

@test "in a user namespace the owner is the id on the host" {
        needs root userns
        bundle web
        with_cgroup_mount
        config '.process.user = { uid: 7, gid: 5 } | .linux.namespaces += [{ type: "user" }] |
                .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 1000 }] |
                .linux.gidMappings = [{ containerID: 0, hostID: 200000, size: 1000 }]'
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        create
        assert_equal "$(stat -c %u "$(cgroup_dir "")/cgroup.procs")" 100007
        assert_equal "$(stat -c %u "$(cgroup_dir "")/..")" 0
}

@test "nobody else is given the cgroup" {
        # "A runtime SHOULD NOT change the ownership [...] unless it will also create a new cgroup namespace",
        # "if and only if the cgroup filesystem is to be mounted read/write", "when cgroups v1 is in use"
        needs root
        bundle web
        config '.process.user.uid = 1234'
        cp config.json plain
        for change in '.' '.mounts[-1].options += ["ro"]' '.mounts[-1].destination = "/cgroup"' \
                '.mounts[-1].source = "none"' '.linux.namespaces |= map(select(.type != "cgroup"))'; do
                cp plain config.json
                [ "$change" = . ] || with_cgroup_mount
                config "$change"
                create
                assert_equal "$(owned_files)" ""
                ocirun delete --force "$ID"
        done
        has cgroup1:pids || return 0
        cp plain config.json
        with_cgroup_mount
        resources '{ "pids": { "limit": 100 } }'
        create
        assert_equal "$(owned_files)" ""
        assert_equal "$(stat -c %u "$(cgroup_dir pids)/cgroup.procs")" 0
}
