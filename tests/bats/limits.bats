#!/usr/bin/env bats
# linux.resources but for devices: what the kernel was told, and that it limits.
# Quotations are from config-linux.md.

load helpers
load cgroups

# assert_limit CONTROLLER V2-FILE V2-VALUE [V1-FILE [V1-VALUE]]; "" is a file that this version does not have
assert_limit() {
        local file=$2 expected=$3

        if has "cgroup1:$1"; then
                file=${4-$2} expected=${5-$3}
        fi
        [ -n "$file" ] || return 0
        assert_equal "$1 $file $(<"$(cgroup_dir "$1")/$file")" "$1 $file $expected"
}

# A running container: `tell COMMAND...` has its shell execute something, and is its output.
start_shell() {
        mkfifo rootfs/in rootfs/out
        config '.process.args = ["sh", "-c", "while read -r line; do eval \"$line\" >/out 2>&1; done </in"]'
        create
        run ocirun start "$ID"
        assert_status 0
        exec 9>rootfs/in
}

tell() {
        echo "$*" >&9
        timeout 60 cat rootfs/out
}

# ---- what is written

@test "memory, CPU and pids limits stand in the cgroup's files" {
        needs root
        bundle web
        resources '{
                "memory": { "limit": 67108864, "reservation": 33554432 },
                "cpu": { "shares": 1024, "quota": 20000, "period": 50000, "burst": 5000 },
                "pids": { "limit": 64 }
        }'
        create
        assert_limit memory memory.max 67108864 memory.limit_in_bytes
        assert_limit memory memory.low 33554432 memory.soft_limit_in_bytes
        assert_limit cpu cpu.weight 100 cpu.shares 1024
        assert_limit cpu cpu.max "20000 50000" cpu.cfs_quota_us 20000
        assert_limit cpu "" "" cpu.cfs_period_us 50000
        has cgroup1:cpu || assert_limit cpu cpu.max.burst 5000
        assert_limit pids pids.max 64
}

@test "memory.swap is memory and swap together, and -1 is no limit" {
        # "swap - sets limit of memory+Swap usage"
        needs root
        has cgroup1:memory || [ -e /proc/swaps ] || skip "needs linux:swap"
        bundle web
        resources '{ "memory": { "limit": 67108864, "swap": 100663296 } }'
        create
        assert_limit memory memory.max 67108864 memory.limit_in_bytes
        assert_limit memory memory.swap.max 33554432 memory.memsw.limit_in_bytes 100663296
        ocirun delete --force "$ID"

        # as much as memory alone is no swap
        resources '{ "memory": { "limit": 67108864, "swap": 67108864 } }'
        create
        assert_limit memory memory.swap.max 0 memory.memsw.limit_in_bytes 67108864
        ocirun delete --force "$ID"

        resources '{ "memory": { "limit": 67108864, "swap": -1 } }'
        create
        assert_limit memory memory.max 67108864 memory.limit_in_bytes
        assert_limit memory memory.swap.max max memory.memsw.limit_in_bytes \
                "$(has cgroup1:memory && cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes)"
}

@test "the largest and smallest numbers that the kernel takes" {
        needs root
        bundle web
        # which jq rounds
        resources '{ "memory": { "limit": "MAX", "reservation": "MAX" }, "pids": { "limit": 4194303 },
                "cpu": { "shares": 2, "quota": 1000, "period": 1000, "burst": 0 } }'
        sed -i 's/"MAX"/9223372036854775807/' config.json
        create
        # rounded down to pages, which is what the kernel has as no limit
        assert_limit memory memory.max max memory.limit_in_bytes 9223372036854771712
        assert_limit memory memory.low max memory.soft_limit_in_bytes 9223372036854771712
        assert_limit pids pids.max 4194303
        assert_limit cpu cpu.weight 1 cpu.shares 2
        assert_limit cpu cpu.max "1000 1000" cpu.cfs_quota_us 1000
        has cgroup1:cpu || assert_limit cpu cpu.max.burst 0
        ocirun delete --force "$ID"

        # "list of CPUs the container will run on", here all of them; v1 clamps shares as v2's weight is
        resources '{ "cpu": { "shares": 262144, "period": 1000000, "quota": -1 }, "pids": { "limit": 1 } }'
        create
        assert_limit cpu cpu.weight 10000 cpu.shares 262144
        assert_limit cpu cpu.max "max 1000000" cpu.cfs_period_us 1000000
        assert_limit pids pids.max 1
}

@test "cpu.idle gives the cgroup the policy SCHED_IDLE, and 0 is the default" {
        # "cgroups are configured with minimum weight, 0: default behavior, 1: SCHED_IDLE"
        needs root
        bundle web
        resources '{ "cpu": { "idle": 1 } }'
        create
        assert_limit cpu cpu.idle 1
        ocirun delete --force "$ID"
        resources '{ "cpu": { "idle": 0, "shares": 512 } }'
        create
        assert_limit cpu cpu.idle 0
        assert_limit cpu cpu.weight 59 cpu.shares 512
}

@test "CPUs and memory nodes stand in the cgroup's files" {
        needs root cgroup:cpuset
        bundle web
        resources '{ "cpu": { "cpus": "0", "mems": "0" } }'
        create
        assert_limit cpuset cpuset.cpus 0
        assert_limit cpuset cpuset.mems 0
}

@test "one half of quota and period leaves the other as the kernel has it" {
        needs root
        bundle web
        resources '{ "cpu": { "quota": 30000 } }'
        create
        assert_limit cpu cpu.max "30000 100000" cpu.cfs_quota_us 30000
        ocirun delete --force "$ID"
        resources '{ "cpu": { "period": 50000 } }'
        create
        assert_limit cpu cpu.max "max 50000" cpu.cfs_period_us 50000
}

@test "what is unlimited or not set is left alone" {
        # memory: "-1" is unlimited; engines write 0 for what is not set
        bundle web
        resources '{
                "memory": { "limit": -1, "swap": -1, "kernel": -1 },
                "cpu": { "shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": "" },
                "pids": { "limit": -1 }, "blockIO": { "weight": 0 }
        }'
        create
        # there is nothing to write, so the container is in no cgroup of v1
        assert_equal "$(grep -c "ocirun-$ID" "/proc/$(container_pid)/cgroup")" 1
}

@test "pids.limit 0 is 1: the container cannot fork" {
        needs root
        bundle web
        resources '{ "pids": { "limit": 0 } }'
        create
        assert_limit pids pids.max 1
}

@test "pids without a limit is no limit" {
        # "limit (int64, OPTIONAL) - specifies the maximum number of tasks in the cgroup"
        bundle web
        for pids in '{}' '{ "limit": null }' null; do
                resources "{ \"pids\": $pids }"
                create
                assert_equal "$(grep -c "ocirun-$ID" "/proc/$(container_pid)/cgroup")" 1
                ocirun delete --force "$ID"
        done
}

@test "throttles of block devices stand in the cgroup's files" {
        needs root
        bundle web
        device=$(lsblk --noheadings --nodeps --output MAJ:MIN --exclude 1,7,11 | head -n 1 | tr -d ' ')
        device=${device:-7:0}
        config --arg major "${device%:*}" --arg minor "${device#*:}" '
                { major: ($major | tonumber), minor: ($minor | tonumber) } as $device | .linux.resources.blockIO = {
                        throttleReadBpsDevice: [$device + { rate: 1048576 }],
                        throttleWriteBpsDevice: [$device + { rate: 2097152 }],
                        throttleReadIOPSDevice: [$device + { rate: 120 }],
                        throttleWriteIOPSDevice: [$device + { rate: 130 }] }'
        create
        # io is the controller that has another name in v1
        if has cgroup1:blkio; then
                dir=$(cgroup_dir blkio)
                for row in "read_bps_device 1048576" "write_bps_device 2097152" "read_iops_device 120" \
                        "write_iops_device 130"; do
                        assert_equal "$(<"$dir/blkio.throttle.${row% *}")" "$device ${row#* }"
                done
        else
                assert_equal "$(<"$(cgroup_dir io)/io.max")" "$device rbps=1048576 wbps=2097152 riops=120 wiops=130"
        fi
}

@test "huge pages are limited where they are reserved and where they are used" {
        # "limit [...] of hugepagesize HugeTLB reservations (if supported) or usage"
        needs root
        has cgroup1:hugetlb || needs cgroup2:hugetlb
        bundle web
        resources '{ "hugepageLimits": [{ "pageSize": "2MB", "limit": 6291456 }] }'
        create
        assert_limit hugetlb hugetlb.2MB.max 6291456 hugetlb.2MB.limit_in_bytes
        assert_limit hugetlb hugetlb.2MB.rsvd.max 6291456 hugetlb.2MB.rsvd.limit_in_bytes
        ocirun delete --force "$ID"

        resources '{ "hugepageLimits": [{ "pageSize": "3MB", "limit": 6291456 }] }'
        assert_refused 'linux.resources.hugepageLimits[0]: write "6291456" to hugetlb.3MB.'
        assert_output_contains "hint: this host has huge pages of "
}

# ---- what they do

@test "memory.limit: the kernel kills who takes more, and says so" {
        needs root
        bundle web
        resources '{ "memory": { "limit": 33554432 } }'
        start_shell
        run tell 'dd if=/dev/zero of=/dev/null bs=16M count=1; echo "status $?"'
        assert_output_contains "status 0"
        run tell 'dd if=/dev/zero of=/dev/null bs=64M count=1; echo "status $?"'
        assert_output_contains "status 137"
        # what an engine's watcher reads
        cgroup_value memory memory.events memory.oom_control | grep -qx 'oom_kill 1'
        assert_equal "$(container_status)" running
}

@test "memory.limit that is too small to start in is named, and leaves nothing" {
        needs root
        bundle web
        resources '{ "memory": { "limit": 16384 } }'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "init was killed by signal 9 (SIGKILL)"
        assert_output_contains "hint: linux.resources.memory.limit is too small to start the container"
        assert_no_debris
}

@test "pids.limit: there are not more tasks than that" {
        needs root
        bundle web
        resources '{ "pids": { "limit": 3 } }'
        start_shell
        run tell 'sleep 100 >/dev/null 2>&1 & sleep 100 >/dev/null 2>&1 & echo both'
        assert_output both
        assert_equal "$(cgroup_value pids pids.current pids.current)" 3
        # the shell ends when it cannot fork
        pid=$(container_pid)
        run tell 'sleep 100 & echo third'
        assert_output_contains "can't fork: Resource temporarily unavailable"
        refute_output_contains third
        wait_for_end "$pid"
}

@test "cpu.cpus: the container's processes run on those" {
        needs root cgroup:cpuset
        bundle web
        last=$(($(nproc --all) - 1))
        config --arg cpus "$last" '.linux.resources.cpu.cpus = $cpus | .process.args = ["nproc"]'
        create
        assert_equal "$(awk '$1 == "Cpus_allowed_list:" { print $2 }' "/proc/$(container_pid)/status")" "$last"
        ocirun delete --force "$ID"
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output 1
}

@test "cpu.quota: who uses it up has to wait" {
        needs root
        bundle web
        resources '{ "cpu": { "quota": 2000, "period": 20000 } }'
        start_shell
        run tell 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo end'
        assert_output end
        throttled=$(cgroup_value cpu cpu.stat cpu.stat | awk '$1 == "nr_throttled" { print $2 }')
        [ "$throttled" -gt 0 ]
}

# ---- what is wrong

@test "numbers that contradict each other, or what the kernel knows, are named" {
        bundle web
        resources '{ "memory": { "limit": 2000000, "swap": 1000000 } }'
        assert_refused "linux.resources.memory.swap: is memory and swap together, so it must not be below memory.limit"
        resources '{ "memory": { "swap": 1000000 } }'
        assert_refused "linux.resources.memory.swap: needs linux.resources.memory.limit"
        resources '{ "memory": { "limit": -2 } }'
        assert_refused "linux.resources.memory.limit: must be a number of bytes, or -1 for no limit, not -2"
        resources '{ "memory": { "swappiness": 101 } }'
        assert_refused "linux.resources.memory.swappiness: must be from 0 to 100, not 101"
        resources '{ "cpu": { "quota": 1000, "burst": 2000 } }'
        assert_refused "linux.resources.cpu.burst: must not be above quota"
        resources '{ "cpu": { "idle": 2 } }'
        assert_refused "linux.resources.cpu.idle: must be 0 or 1, not 2"
        resources '{ "pids": { "limit": -2 } }'
        assert_refused "linux.resources.pids.limit: must be a number of tasks, or -1 for no limit, not -2"
        resources '{ "blockIO": { "weight": 5 } }'
        assert_refused "linux.resources.blockIO.weight: must be from 10 to 1000, not 5"
        resources '{ "hugepageLimits": [{ "pageSize": "2048kB", "limit": 0 }] }'
        assert_refused "linux.resources.hugepageLimits[0].pageSize: must be a size as 2MB"
}

@test "what the kernel refuses comes with its reason, and nothing is left" {
        needs root
        bundle web
        resources '{ "cpu": { "quota": 1 } }'
        assert_refused 'linux.resources.cpu.quota: write "1'
        assert_output_contains "invalid argument (EINVAL)"
        resources '{ "blockIO": { "throttleReadBpsDevice": [{ "major": 4095, "minor": 7, "rate": 1000 }] } }'
        assert_refused 'linux.resources.blockIO.throttleReadBpsDevice[0]: write "4095:7 '
        assert_output_contains "no such device (ENODEV)"
}

@test "CPUs that are not there are refused with those that are" {
        needs root cgroup:cpuset
        bundle web
        resources '{ "cpu": { "cpus": "4096-4097" } }'
        assert_refused 'linux.resources.cpu.cpus: write "4096-4097" to cpuset.cpus: '
        assert_output_contains "hint: the cgroup above has the CPUs "
}

@test "what has no effect on any host is an error, not ignored" {
        # Unified: "If the conversion is not possible the runtime MUST generate an error"
        bundle web
        resources '{ "memory": { "kernel": 1000000 } }'
        assert_refused "linux.resources.memory.kernel: has no effect"
        resources '{ "blockIO": { "leafWeight": 100 } }'
        assert_refused "linux.resources.blockIO.leafWeight: has no meaning"
}

@test "settings of cgroup v1 need a hierarchy of v1" {
        bundle web
        while read -r controller place value; do
                config --argjson value "$value" '.linux.resources = $value'
                has "cgroup1:$controller" && continue
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.resources.$place: has no equivalent in cgroup v2"
                assert_no_debris
        done <<'END'
net_cls network.classID { "network": { "classID": 1048577 } }
net_prio network.priorities[0] { "network": { "priorities": [{ "name": "lo", "priority": 500 }] } }
memory memory.swappiness { "memory": { "swappiness": 0 } }
memory memory.disableOOMKiller { "memory": { "disableOOMKiller": true } }
memory memory.kernelTCP { "memory": { "kernelTCP": 1000000 } }
cpu cpu.realtimeRuntime { "cpu": { "realtimeRuntime": 1000 } }
END
}

@test "settings of cgroup v1 work in a hierarchy of v1" {
        needs root cgroup1:memory cgroup1:cpu
        bundle web
        resources '{ "memory": { "limit": 67108864, "swappiness": 7, "disableOOMKiller": true, "kernelTCP": 4194304,
                "kernel": -1, "useHierarchy": true }, "cpu": { "shares": 3 } }'
        create
        assert_equal "$(<"$(cgroup_dir memory)/memory.kmem.tcp.limit_in_bytes")" 4194304
        assert_equal "$(<"$(cgroup_dir memory)/memory.swappiness")" 7
        grep -qx 'oom_kill_disable 1' "$(cgroup_dir memory)/memory.oom_control"
        assert_equal "$(<"$(cgroup_dir cpu)/cpu.shares")" 3
}

@test "realtimePeriod and realtimeRuntime in a hierarchy of v1" {
        needs root cgroup1:cpu
        [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip "needs linux:realtime groups"
        bundle web
        resources '{ "cpu": { "realtimePeriod": 500000, "realtimeRuntime": 1000 } }'
        create
        assert_equal "$(<"$(cgroup_dir cpu)/cpu.rt_period_us")" 500000
        assert_equal "$(<"$(cgroup_dir cpu)/cpu.rt_runtime_us")" 1000
        ocirun delete --force "$ID"
        resources '{ "cpu": { "realtimePeriod": 1000, "realtimeRuntime": 2000 } }'
        assert_refused 'linux.resources.cpu.realtime'
        assert_output_contains "invalid argument (EINVAL)"
}

@test "rdma needs its controller, and at least one number for each device" {
        bundle web
        # "You MUST specify at least one of the hcaHandles or hcaObjects in a given entry"
        resources '{ "rdma": { "mlx5_1": {} } }'
        assert_refused "linux.resources.rdma.mlx5_1: needs hcaHandles or hcaObjects"
        resources '{ "rdma": { "mlx5_1": { "hcaHandles": -1 } } }'
        assert_refused "linux.resources.rdma.mlx5_1.hcaHandles: "
        if ! has cgroup:rdma; then
                resources '{ "rdma": { "mlx5_1": { "hcaHandles": 3, "hcaObjects": 10000 } } }'
                assert_refused 'linux.resources.rdma.mlx5_1: needs the cgroup controller "rdma"'
                return
        fi
        needs root
        resources '{ "rdma": { "no_such_device": { "hcaHandles": 3, "hcaObjects": 10000 } } }'
        assert_refused 'linux.resources.rdma.no_such_device: write "no_such_device hca_handle=3 hca_object=10000"'
}

@test "the weight of all block devices stands in the cgroup's file" {
        # "weight - specifies per-cgroup weight. This is default weight of the group on all devices"
        needs root
        has cgroup1:blkio || needs cgroup2:io
        bundle web
        for row in "10 1" "500 4950" "1000 10000"; do
                resources "{ \"blockIO\": { \"weight\": ${row% *} } }"
                run_detached ocirun create "$ID"
                [[ $output != *"no such file or directory"* ]] || skip "needs linux:weights of block devices"
                assert_status 0
                # io is the controller that has another name in v1
                dir=$(if has cgroup1:blkio; then cgroup_dir blkio; else cgroup_dir io; fi)
                if [ -e "$dir/blkio.bfq.weight" ]; then
                        assert_equal "$(<"$dir/blkio.bfq.weight")" "${row% *}"
                elif [ -e "$dir/io.bfq.weight" ]; then
                        assert_equal "$(<"$dir/io.bfq.weight")" "default ${row% *}"
                else
                        assert_equal "$(<"$dir/io.weight")" "default ${row#* }"
                fi
                ocirun delete --force "$ID"
        done
        for weight in 9 1001; do
                resources "{ \"blockIO\": { \"weight\": $weight } }"
                assert_refused "linux.resources.blockIO.weight: must be from 10 to 1000, not $weight"
        done
}

@test "weights of block devices: one of two is required, and the kernel has to know them" {
        bundle web
        # "You MUST specify at least one of weight or leafWeight in a given entry"
        resources '{ "blockIO": { "weightDevice": [{ "major": 8, "minor": 0 }] } }'
        assert_refused "linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight"
        resources '{ "blockIO": { "weightDevice": [{ "major": 8, "minor": 0, "leafWeight": 300 }] } }'
        assert_refused "linux.resources.blockIO.weightDevice[0].leafWeight: has no meaning"
        resources '{ "blockIO": { "weightDevice": [{ "major": 8, "minor": 0, "weight": 1001 }] } }'
        assert_refused "linux.resources.blockIO.weightDevice[0].weight: must be from 10 to 1000, not 1001"
        resources '{ "blockIO": { "weightDevice": [{ "minor": 0, "weight": 100 }] } }'
        assert_refused "linux.resources.blockIO.weightDevice[0].major: "
        resources '{ "blockIO": { "throttleReadIOPSDevice": [{ "major": 8, "minor": 0 }] } }'
        assert_refused "linux.resources.blockIO.throttleReadIOPSDevice[0].rate: "
}

# A file of tmpfs, whose memory the kernel cannot take back from a cgroup, is charged to the one at $1.
charge() {
        mkdir -p "$1"
        sh -c 'echo $$ >"$1/cgroup.procs" && exec dd if=/dev/zero of="$2" bs=1M count=16' sh "$1" "/dev/shm/$ID" 2>&1
}

@test "memory.checkBeforeUpdate: a limit below the present usage is refused, and not set" {
        # "runtime MAY check if a new memory limit is lower than the current usage, and MUST reject the new limit [...] when
        # cgroup v1 is used, the kernel rejects the limit lower than the current usage"
        needs root cgroup:memory
        bundle web
        config --arg path "/$ID" '.linux.cgroupsPath = $path'
        file=memory.max dir=$(cgroup2_root)/$ID
        if has cgroup1:memory; then
                file=memory.limit_in_bytes dir=/sys/fs/cgroup/memory/$ID
        else
                echo +memory >"$(cgroup2_root)/cgroup.subtree_control"
        fi
        charge "$dir"
        before=$(<"$dir/$file")
        resources '{ "memory": { "limit": 4194304, "checkBeforeUpdate": true } }'
        run_detached ocirun create "$ID"
        after=$(<"$dir/$file")
        rm "/dev/shm/$ID"
        rmdir "$dir"
        assert_status 1
        assert_output_contains "config.json: linux.resources.memory.limit: "
        if has cgroup1:memory; then
                assert_output_contains "device or resource busy (EBUSY)"
        else
                assert_output_contains "4194304 is below the present usage of "
        fi
        assert_equal "$after" "$before"
}

# ---- unified

@test "unified: values are written, one line at a time, and an empty one too" {
        # Unified: "Each key in the map refers to a file in the cgroup unified hierarchy"
        needs root
        bundle web
        resources '{ "unified": { "cgroup.max.depth": "3", "cgroup.max.descendants": "17\n5" } }'
        create
        dir=$(cgroup_dir "")
        assert_equal "$(<"$dir/cgroup.max.depth")" 3
        assert_equal "$(<"$dir/cgroup.max.descendants")" 5
        ocirun delete --force "$ID"

        resources '{ "unified": { "cgroup.max.depth": "" } }'
        assert_refused 'linux.resources.unified.cgroup.max.depth: write "" to cgroup.max.depth: invalid argument'
}

@test "unified: the controller is enabled on the way down" {
        # "The OCI runtime MUST ensure that the needed cgroup controllers are enabled for the cgroup"
        needs root cgroup2:hugetlb
        bundle web
        config --arg path "/$ID/pod/web" '.linux.cgroupsPath = $path'
        resources '{ "unified": { "hugetlb.2MB.max": "4194304" } }'
        create
        assert_equal "$(<"$(cgroup_dir "")/hugetlb.2MB.max")" 4194304
        grep -qw hugetlb "$(cgroup2_root)/$ID/pod/cgroup.subtree_control"
}

@test "unified: a controller that cannot be enabled is an error" {
        # "MUST generate an error when the configuration refers to a cgroup controller [...] that cannot be enabled"
        needs root cgroup2:hugetlb
        bundle web
        config --arg path "/$ID/pod/web" '.linux.cgroupsPath = $path'
        # cgroup-v2.rst, No Internal Process Constraint
        mkdir -p "$(cgroup2_root)/$ID/pod"
        sleep 1000 3>&- &
        echo $! >"$(cgroup2_root)/$ID/pod/cgroup.procs"
        resources '{ "unified": { "hugetlb.2MB.max": "4194304" } }'
        run_detached ocirun create "$ID"
        kill $!
        wait $! || :
        assert_status 1
        assert_output_contains "linux.resources.unified.hugetlb.2MB.max: "
        assert_output_contains "(EBUSY)"
        rmdir "$(cgroup2_root)/$ID/pod" "$(cgroup2_root)/$ID"
}

@test "unified: an unknown file is written to, which the kernel may refuse" {
        # "Configuration unknown to the runtime MUST still be written to the relevant file"
        needs root
        bundle web
        resources '{ "unified": { "cgroup.nonesuch": "1" } }'
        assert_refused 'linux.resources.unified.cgroup.nonesuch: write "1" to cgroup.nonesuch: no such file or directory'
}

@test "unified: a controller that is not there is an error" {
        # "MUST generate an error when the configuration refers to a cgroup controller that is not present"
        bundle web
        resources '{ "unified": { "nonesuch.max": "1" } }'
        assert_refused 'linux.resources.unified.nonesuch.max: needs the cgroup controller "nonesuch"'
        has cgroup1:memory || return 0
        resources '{ "unified": { "memory.high": "1000000" } }'
        assert_refused 'linux.resources.unified.memory.high: is a setting of cgroup v2'
}

@test "unified: names no other file, and gives no command" {
        bundle web
        while read -r file reason; do
                config --arg file "$file" '.linux.resources = { unified: { ($file): "1" } }'
                assert_refused "linux.resources.unified.$file: $reason"
        done <<'END'
../cgroup.max.depth "../cgroup.max.depth" is not the name of a file
a/b "a/b" is not the name of a file
cgroup.freeze is a command and not a setting
cgroup.procs is a command and not a setting
cgroup.kill is a command and not a setting
END
}

@test "unified: files that no other property stands for" {
        needs root cgroup2:memory
        bundle web
        resources '{ "memory": { "limit": 67108864 }, "unified": { "memory.high": "33554432", "memory.oom.group": "1",
                "memory.max": "50331648" } }'
        create
        dir=$(cgroup_dir "")
        assert_equal "$(<"$dir/memory.high")" 33554432
        assert_equal "$(<"$dir/memory.oom.group")" 1
        # "allows cgroup v2 parameters to be to be set and modified": what the other properties say, too
        assert_equal "$(<"$dir/memory.max")" 50331648
}

@test "unified: memory.oom.group lets all end together" {
        needs root cgroup2:memory
        bundle web
        resources '{ "memory": { "limit": 33554432 }, "unified": { "memory.oom.group": "1", "memory.swap.max": "0" } }'
        start_shell
        pid=$(container_pid)
        run tell 'dd if=/dev/zero of=/dev/null bs=64M count=1'
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
}

@test "unified: pressure stall information needs no controller, wherever that is" {
        # "The OCI runtime MUST ensure that the needed cgroup controllers are enabled for the cgroup": none is needed
        needs root cgroup2 psi
        bundle web
        resources '{ "unified": { "cgroup.pressure": "0" } }'
        create
        assert_equal "$(<"$(cgroup_dir "")/cgroup.pressure")" 0
        ocirun delete --force "$ID"
        for file in cpu.pressure io.pressure memory.pressure; do
                # a trigger, which ends with the descriptor that it was written to
                config --arg file "$file" '.linux.resources = { unified: { ($file): "some 500000 2000000" } }'
                create
                ocirun delete --force "$ID"
                config --arg file "$file" '.linux.resources = { unified: { ($file): "some times" } }'
                assert_refused "linux.resources.unified.$file: write \"some times\" to $file: invalid argument (EINVAL)"
        done
}

@test "unified: what the kernel says of a wrong file or value" {
        needs root cgroup2:memory
        bundle web
        resources '{ "unified": { "memory.nonesuch": "1" } }'
        assert_refused 'linux.resources.unified.memory.nonesuch: write "1" to memory.nonesuch: no such file or directory (ENOENT)'
        resources '{ "unified": { "memory.high": "much" } }'
        assert_refused 'linux.resources.unified.memory.high: write "much" to memory.high: invalid argument (EINVAL)'
        resources '{ "unified": { "memory.oom.group": "2" } }'
        assert_refused 'linux.resources.unified.memory.oom.group: write "2" to memory.oom.group: invalid argument (EINVAL)'
        resources '{ "unified": { "memory.stat": "1" } }'
        assert_refused 'linux.resources.unified.memory.stat: write "1" to memory.stat: '
}
