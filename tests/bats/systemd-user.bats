#!/usr/bin/env bats
# A user's containers: in units of his own systemd with --systemd-cgroup, and in cgroups that are delegated to him.

load helpers

user=games

setup_file() {
        has systemd-user || return 0
        systemctl start "user@$(id -u $user).service"
}

teardown_file() {
        has systemd-user || return 0
        rm -rf "/run/systemd/system/user@$(id -u $user).service.d"
        systemctl daemon-reload
        systemctl stop "user@$(id -u $user).service"
}

setup() {
        needs systemd-user
        setup_test
        uid=$(id -u $user) gid=$(id -g $user)
        bundle web
        # what `ocirun spec --rootless` writes
        config --argjson uid "$uid" --argjson gid "$gid" --arg id "$ID" '
                .linux.namespaces += [{ "type": "user" }] | .linux.namespaces |= map(select(.type != "network"))
                | .linux.uidMappings = [{ "containerID": 0, "hostID": $uid, "size": 1 }]
                | .linux.gidMappings = [{ "containerID": 0, "hostID": $gid, "size": 1 }] | del(.linux.resources)
                | .mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"]
                        elif .destination == "/sys" then . * { "type": "bind", "source": "/sys", "options": ["rbind", "ro"] }
                        else . end) | .linux.cgroupsPath = "user.slice:ocirun:" + $id'
        chown -R "$uid:$gid" "$BUNDLE" "$OCIRUN_ROOT"
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        manager=/user.slice/user-$uid.slice/user@$uid.service
        unit=ocirun-$ID.scope
}

teardown() {
        [ -z "$ID" ] || teardown_test
}

# A program of the user, outside of what his systemd manages, as in a session of his.
as_manager_user() {
        setpriv --reuid="$uid" --regid="$gid" --clear-groups env -u DBUS_SESSION_BUS_ADDRESS HOME="$BUNDLE" \
                USER=$user XDG_RUNTIME_DIR="/run/user/$uid" "$@"
}

# In place of the one in helpers.bash: all containers here are the user's.
ocirun() {
        as_manager_user "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
}

# A container that waits, with --systemd-cgroup; what is given is the beginning of the command.
start_container() {
        config '.process.args = ["sleep", "1000"]'
        run_detached as_manager_user "$@" "$OCIRUN" --root "$OCIRUN_ROOT" --systemd-cgroup run --detach "$ID"
        assert_status 0
        pid=$(container_pid)
}

leaf() {
        sed -n 's|^0::|/sys/fs/cgroup|p' "/proc/$pid/cgroup"
}

property() {
        as_manager_user systemctl --user show --value --property "$1" "${2:-$unit}"
}

# assert_limit PROPERTY VALUE FILE VALUE: in the unit, in its cgroup and in the container's.
assert_limit() {
        assert_equal "$1=$(property "$1")" "$1=$2"
        assert_equal "$3: $(<"$(leaf)/$3")" "$3: $4"
        assert_equal "unit's $3: $(<"$(leaf)/../$3")" "unit's $3: $4"
}

# A scope of the user in which the container's cgroup is a sibling of the runtime's:  in_scope PROPERTY...
in_scope() {
        scope=$manager/app.slice/$ID.scope
        config --arg path "$scope/web" '.linux.cgroupsPath = $path'
        # shellcheck disable=SC2016 # for that shell
        run as_manager_user systemd-run --user --scope --quiet --unit="$ID.scope" "${@/#/--property=}" sh -c '
                mkdir "/sys/fs/cgroup$1/caller" && echo $$ >"/sys/fs/cgroup$1/caller/cgroup.procs" && shift && exec "$@"' \
                sh "$scope" "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
}

# ---- the user's systemd

@test "the container lives in a scope of the user's systemd" {
        # config-linux.md: "the runtime MUST consistently attach to the same place in the cgroups hierarchy given the
        # same value"
        for _ in 1 2; do
                start_container
                assert_equal "$(leaf)" "/sys/fs/cgroup$manager/user.slice/$unit/container"
                assert_equal "$(property Slice)" user.slice
                assert_equal "$(property Delegate)" yes
                assert_equal "$(property Description)" "ocirun container $ID"
                # systemd of the machine does not know it
                assert_equal "$(systemctl show --value --property LoadState "$unit")" not-found
                run ocirun delete --force "$ID"
                assert_status 0
                assert_output ""
                assert_equal "$(property LoadState)" not-found
                assert_no_debris
        done
}

@test "without cgroupsPath the unit is in user.slice, and slices lie where their names say" {
        config 'del(.linux.cgroupsPath)'
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup$manager/user.slice/$unit/container"
        ocirun delete --force "$ID"
        config --arg id "$ID" '.linux.cgroupsPath = "app-a.slice:web:" + $id'
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup$manager/app.slice/app-a.slice/web-$ID.scope/container"
}

@test "limits are in the cgroup's files and in the unit's properties, also after a reload" {
        config '.linux.resources = { memory: { limit: 67108864, reservation: 33554432, swap: 71303168 },
                pids: { limit: 20 }, cpu: { shares: 512, quota: 50000, period: 100000 },
                unified: { "memory.high": "50331648", "memory.min": "4096" } }'
        start_container
        for _ in 1 2; do
                assert_limit MemoryMax 67108864 memory.max 67108864
                assert_limit MemoryHigh 50331648 memory.high 50331648
                assert_limit MemoryLow 33554432 memory.low 33554432
                assert_limit MemoryMin 4096 memory.min 4096
                [ ! -e "$(leaf)/memory.swap.max" ] || assert_limit MemorySwapMax 4194304 memory.swap.max 4194304
                assert_limit TasksMax 20 pids.max 20
                assert_limit CPUWeight 59 cpu.weight 59
                assert_limit CPUQuotaPerSecUSec 500ms cpu.max "50000 100000"
                as_manager_user systemctl --user daemon-reload
                systemctl daemon-reload
        done
}

@test "annotations are properties of the user's unit" {
        config '.annotations = { "org.systemd.property.TimeoutStopUSec": "uint64 7000000" }'
        start_container
        assert_equal "$(property TimeoutStopUSec)" 7s
        ocirun delete --force "$ID"
        config '.annotations = { "org.systemd.property.Missing": "true" }'
        run ocirun --systemd-cgroup run "$ID"
        assert_status 1
        assert_output_contains "systemd: start $unit: "
        assert_output_contains "Missing"
        assert_no_debris
}

@test "root of a user namespace of the user has the user's systemd" {
        # as rootless engines call the runtime
        config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)
                | .linux.resources = { memory: { limit: 67108864 } }'
        start_container unshare --user --map-root-user --mount
        assert_equal "$(leaf)" "/sys/fs/cgroup$manager/user.slice/$unit/container"
        assert_limit MemoryMax 67108864 memory.max 67108864
}

@test "the user who stops the unit ends the container" {
        start_container
        as_manager_user systemctl --user stop "$unit"
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
}

@test "who has no systemd of his own learns where it would be, and nothing is left" {
        run as_manager_user env XDG_RUNTIME_DIR="$BUNDLE" "$OCIRUN" --root "$OCIRUN_ROOT" --systemd-cgroup run "$ID"
        assert_status 1
        assert_equal "$output" "ocirun: run $ID: config.json: systemd: connect to the user's bus: no such file or directory (ENOENT)
  hint: a user's systemd has one in XDG_RUNTIME_DIR, with the package dbus-user-session, while the user is logged in or after: loginctl enable-linger"
        assert_no_debris
}

# ---- delegation

# The user's systemd has these controllers:  delegate CONTROLLER...
delegate() {
        local drop_in=/run/systemd/system/user@$uid.service.d

        mkdir -p "$drop_in"
        printf '%s\n' "[Service]" Delegate= "Delegate=$*" >"$drop_in/delegate.conf"
        systemctl daemon-reload
        systemctl restart "user@$uid.service"
}

@test "a controller that the user does not have is named, with how he gets it" {
        # config-linux.md, Unified: "MUST generate an error when the configuration refers to a cgroup controller that
        # is not present or that cannot be enabled"
        needs cgroup2:io
        delegate cpu memory pids
        device=$(lsblk --noheadings --nodeps --output MAJ:MIN | head -n 1 | tr -d ' ')
        config --arg major "${device%:*}" --arg minor "${device#*:}" '.linux.resources.blockIO.throttleReadBpsDevice =
                [{ major: ($major | tonumber), minor: ($minor | tonumber), rate: 1048576 }]'
        run ocirun --systemd-cgroup run "$ID"
        assert_status 1
        assert_output_contains 'config.json: linux.resources.blockIO.throttleReadBpsDevice[0]: write "+io" to cgroup.subtree_control of cgroup /'
        assert_output_contains "permission denied (EACCES)"
        hint='hint: not delegated to the user: io; he gets it when he logs in the next time, with "[Service]" and "Delegate=cpu cpuset io memory pids" in /etc/systemd/system/user@.service.d/delegate.conf'
        assert_output_contains "$hint"
        assert_equal "$(property LoadState)" not-found
        assert_no_debris

        in_scope Delegate=yes
        assert_status 1
        assert_output_contains "$hint"

        # it is true
        delegate cpu cpuset io memory pids
        config --arg id "$ID" '.linux.cgroupsPath = "user.slice:ocirun:" + $id'
        start_container
        assert_equal "$(<"$(leaf)/io.max")" "$device rbps=1048576 wbps=max riops=max wiops=max"
}

@test "without systemd, limits work in a cgroup that is delegated" {
        config '.linux.resources = { memory: { limit: 67108864 }, pids: { limit: 20 } }
                | .mounts += [{ destination: "/cgroup", type: "bind", source: "/sys/fs/cgroup", options: ["rbind", "ro"] }]'
        config --arg file "/cgroup$manager/app.slice/$ID.scope/web" \
                '.process.args = ["sh", "-c", "cat $0/memory.max $0/pids.max $0/cgroup.procs", $file]'
        in_scope Delegate=yes
        assert_status 0
        assert_equal "${lines[0]} ${lines[1]}" "67108864 20"
        assert_no_debris
}

@test "without systemd and in no cgroup that is delegated, a limit is refused and no limit is none" {
        config --arg id "$ID" '.linux.resources = { memory: { limit: 67108864 } } | .linux.cgroupsPath = "/" + $id'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.resources.memory.limit: make cgroup /$ID in /: permission denied (EACCES)"
        assert_output_contains "hint: use --systemd-cgroup, or run it where a cgroup is delegated to the user, and name that one in linux.cgroupsPath"
        config 'del(.linux.resources) | .process.args = ["echo", "runs"]'
        run ocirun run "$ID"
        assert_output runs
        assert_no_debris
}

@test "a cgroup of the user where the runtime may not move a process is refused" {
        # cgroups(7), Delegation containment: "The writer [...] has write permission on the cgroup.procs file in the
        # nearest common ancestor of the source and destination cgroups"
        config --arg path "$manager/app.slice/$ID" '.linux.resources = { memory: { limit: 67108864 } } | .linux.cgroupsPath = $path'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.resources.memory.limit: move a process from cgroup /"
        assert_output_contains "permission denied (EACCES)"
        assert_output_contains "hint: use --systemd-cgroup"
        assert_no_debris
}
