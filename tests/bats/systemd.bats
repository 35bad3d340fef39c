#!/usr/bin/env bats
# --systemd-cgroup: the container's cgroup lies in a unit of systemd.

load helpers

setup() {
        needs systemd-cgroup
        setup_test
        bundle web
        config --arg id "$ID" '.linux.cgroupsPath = "system.slice:ocirun:" + $id'
        unit=ocirun-$ID.scope
}

teardown() {
        [ -z "$ID" ] || teardown_test
}

# A container that waits, with --systemd-cgroup.
start_container() {
        config '.process.args = ["sleep", "1000"]'
        run_detached ocirun --systemd-cgroup run --detach "$ID"
        assert_status 0
        pid=$(container_pid)
}

# The cgroup of the container's process, as a path in the file system.
leaf() {
        sed -n 's|^0::|/sys/fs/cgroup|p' "/proc/$pid/cgroup"
}

property() {
        systemctl show --value --property "$1" "${2:-$unit}"
}

@test "the container lives in a cgroup of its own in a transient scope" {
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup/system.slice/$unit/container"
        assert_equal "$(property Slice)" system.slice
        assert_equal "$(property ActiveState)" active
        assert_equal "$(property Delegate)" yes
        assert_equal "$(property Description)" "ocirun container $ID"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_equal "$(property LoadState)" not-found
        refute_exists "/sys/fs/cgroup/system.slice/$unit"
}

@test "the container's cgroup namespace begins at its own cgroup" {
        # config-linux.md: "cgroup: the container will have an isolated view of the cgroup hierarchy"
        config '.process.args = ["cat", "/proc/self/cgroup"]'
        run ocirun --cgroup-manager systemd run "$ID"
        assert_status 0
        assert_output "0::/"
}

@test "limits are in the cgroup's files and in the unit's properties" {
        config '.linux.resources = { memory: { limit: 67108864, reservation: 33554432 }, pids: { limit: 20 },
                cpu: { shares: 512, quota: 50000, period: 100000 } }'
        start_container
        assert_equal "$(cat "$(leaf)/memory.max")" 67108864
        assert_equal "$(property MemoryMax)" 67108864
        assert_equal "$(cat "$(leaf)/memory.low")" 33554432
        assert_equal "$(property MemoryLow)" 33554432
        assert_equal "$(cat "$(leaf)/pids.max")" 20
        assert_equal "$(property TasksMax)" 20
        assert_equal "$(cat "$(leaf)/cpu.max")" "50000 100000"
        assert_equal "$(property CPUQuotaPerSecUSec)" 500ms
        assert_equal "$(property CPUWeight)" "$(cat "$(leaf)/cpu.weight")"
        # of the unit, too
        assert_equal "$(cat "$(leaf)/../memory.max")" 67108864
}

@test "weights, throttles and an idle cgroup are the unit's, where they have an effect" {
        needs cgroup2:io
        device=$(lsblk --noheadings --nodeps --output MAJ:MIN | head -n 1 | tr -d ' ')
        config --arg major "${device%:*}" --arg minor "${device#*:}" '.linux.resources = { cpu: { idle: 1 },
                blockIO: { throttleReadBpsDevice: [{ major: ($major | tonumber), minor: ($minor | tonumber), rate: 1048576 }] } }'
        start_container
        for _ in 1 2; do
                assert_equal "$(property CPUWeight)" idle
                assert_equal "$(<"$(leaf)/cpu.idle") $(<"$(leaf)/../cpu.idle")" "1 1"
                assert_equal "$(<"$(leaf)/io.max")" "$device rbps=1048576 wbps=max riops=max wiops=max"
                assert_equal "$(property IOReadBandwidthMax)" "/dev/block/$device 1048576"
                systemctl daemon-reload
        done
        ocirun delete --force "$ID"
        has_weight=$(find /sys/fs/cgroup/*/ -name 'io.*weight' | head -n 1)
        [ -n "$has_weight" ] || return 0
        config '.linux.resources = { blockIO: { weight: 50 } }'
        start_container
        assert_equal "$(property IOWeight)" 50
}

@test "a limit of one process is enough for the container" {
        config '.linux.resources = { pids: { limit: 1 } }'
        config '.process.args = ["true"]'
        run ocirun --systemd-cgroup run "$ID"
        assert_status 0
}

@test "a slice lies where its name says" {
        config --arg id "$ID" '.linux.cgroupsPath = "ocirun-a.slice:web:" + $id'
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup/ocirun.slice/ocirun-a.slice/web-$ID.scope/container"
        ocirun delete --force "$ID"
        systemctl stop ocirun-a.slice ocirun.slice
}

@test "a name that ends in .slice makes a slice" {
        slice=ocirun_${ID//-/_}.slice
        config --arg slice "$slice" '.linux.cgroupsPath = "::" + $slice'
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup/$slice/container"
        assert_equal "$(property ActiveState "$slice")" active
        ocirun delete --force "$ID"
        assert_equal "$(property ActiveState "$slice")" inactive
}

@test "without cgroupsPath the unit is named after the container" {
        config 'del(.linux.cgroupsPath)'
        start_container
        assert_equal "$(leaf)" "/sys/fs/cgroup/system.slice/ocirun-$ID.scope/container"
}

@test "a path that names no unit is an error" {
        config '.linux.cgroupsPath = "/pods/web"'
        run ocirun --systemd-cgroup create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.cgroupsPath: with --systemd-cgroup, must be \"SLICE:PREFIX:NAME\", not \"/pods/web\""
}

@test "a unit that is there already is refused, and left alone" {
        systemd-run --quiet --scope --unit="$unit" sleep 60 3>&- &
        until [ "$(property ActiveState)" = active ]; do :; done
        run ocirun --systemd-cgroup create "$ID"
        assert_status 1
        assert_output_contains "there is a unit $unit already"
        assert_equal "$(property ActiveState)" active
        systemctl stop "$unit"
        wait
}

@test "create that fails leaves no unit" {
        config '.process.args = ["/missing"]'
        run ocirun --systemd-cgroup run "$ID"
        assert_status 1
        assert_output_contains "/missing"
        assert_equal "$(property LoadState)" not-found
}

@test "annotations are properties" {
        config '.annotations = { "org.systemd.property.TimeoutStopUSec": "uint64 7000000",
                "org.systemd.property.CollectMode": "'"'inactive-or-failed'"'" }'
        start_container
        assert_equal "$(property TimeoutStopUSec)" 7s
}

@test "an annotation that systemd does not know is an error" {
        config '.annotations = { "org.systemd.property.Missing": "true" }'
        run ocirun --systemd-cgroup create "$ID"
        assert_status 1
        assert_output_contains "systemd: start $unit: "
        assert_output_contains "Missing"
        config '.annotations = { "org.systemd.property.CPUAccounting": "[" }'
        run ocirun --systemd-cgroup create "$ID"
        assert_status 1
        assert_output_contains "\"[\" is no boolean"
}

@test "devices stay as they are when systemd reloads" {
        # no driver has the major 60: what the rules allow is no such device
        config '.linux.devices = [{ path: "/dev/a", type: "c", major: 60, minor: 1, fileMode: 438 },
                        { path: "/dev/b", type: "c", major: 60, minor: 2, fileMode: 438 }] |
                .linux.resources.devices = [{ allow: true, type: "c", major: 60, minor: 1, access: "r" }] |
                .process.args = ["sh", "-c", "read x <f; (: </dev/a); (: </dev/b)"]'
        mkfifo rootfs/f
        run_detached ocirun --systemd-cgroup run --detach "$ID"
        assert_status 0
        systemctl daemon-reload
        init=$(container_pid)
        echo >rootfs/f
        wait_for_end "$init"
        output=$(<"$BATS_TEST_TMPDIR/output")
        assert_output_contains "can't open /dev/a: No such device or address"
        assert_output_contains "can't open /dev/b: Operation not permitted"
}

@test "systemd has the device rules, too, where it can say them" {
        # config-linux.md, Allowed Device list: "The runtime MUST apply entries in the listed order"
        config '.linux.resources.devices = [{ allow: false }, { allow: true, type: "c", major: 10, minor: 200, access: "r" },
                { allow: true, type: "b", major: 60, access: "rw" }] |
                .process.args = ["sh", "-c", "read x <f; : <>/dev/null && head -c 1 /dev/zero | wc -c"]'
        mkfifo rootfs/f
        run_detached ocirun --systemd-cgroup run --detach "$ID"
        assert_status 0
        assert_equal "$(property DevicePolicy)" strict
        rules=$(property DeviceAllow)
        for rule in "/dev/char/10:200 rm" "block-60 rwm" "/dev/char/1:3 rwm" "char-136 rwm" "char-* m"; do
                grep -qxF "$rule" <<<"$rules"
        done
        init=$(container_pid)
        echo >rootfs/f
        wait_for_end "$init"
        assert_equal "$(<"$BATS_TEST_TMPDIR/output")" 1
        ocirun delete "$ID"

        # what takes a part away cannot be said, and the container's own cgroup has it
        config '.linux.resources.devices = [{ allow: true, type: "c", major: 10, access: "rw" },
                { allow: false, type: "c", major: 10, minor: 200 }]'
        start_container
        assert_equal "$(property DevicePolicy)" auto
        assert_equal "$(property DeviceAllow)" ""
}

@test "limits stay as they are when systemd reloads" {
        config '.linux.resources = { memory: { limit: 67108864 } }'
        start_container
        systemctl daemon-reload
        assert_equal "$(cat "$(leaf)/memory.max")" 67108864
        assert_equal "$(property MemoryMax)" 67108864
}

@test "who stops the unit ends the container" {
        start_container
        systemctl stop "$unit"
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
        run ocirun delete "$ID"
        assert_status 0
}

@test "a container can be killed with --all, and be started again under its name" {
        for _ in 1 2 3; do
                start_container
                ocirun kill --all "$ID" KILL
                wait_for_end "$pid"
                run ocirun delete "$ID"
                assert_status 0
        done
}

@test "features tells of systemd" {
        run ocirun features
        # features-linux.md: "systemd (bool, OPTIONAL) represents whether the runtime supports system-wide
        # systemd cgroup manager"
        assert_equal "$(jq -c '.linux.cgroup | [.systemd, .systemdUser]' <<<"$output")" "[true,true]"
}
