#!/usr/bin/env bats
# What the kernel knows of the process besides its user: rlimits, oomScoreAdj, scheduler, ioPriority, CPU
# affinity, personality, memoryPolicy, security modules and the session keyring.

load helpers

setup() {
        setup_test
        bundle web
}

# Make the container and leave it created: its init already is what the program will be.
create() { # [JQ-FILTER]
        [ $# -eq 0 ] || config "$1"
        run_detached ocirun create "$ID"
        assert_status 0
        assert_output ""
        pid=$(container_pid)
}

# The same, and let it run on; PREFIX is a command that runs ocirun.
start_sleeping() { # [PREFIX...]
        config '.process.args = ["sh", "-c", "mkfifo fifo; read x <fifo"]'
        # which jq rounds
        sed -i 's/1844674407370955[0-9]*/18446744073709551615/g' config.json
        run_detached "$@" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_output ""
        pid=$(container_pid)
        ocirun start "$ID"
}

destroy() {
        ocirun delete --force "$ID"
}

assert_refused() { # JQ-FILTER MESSAGE
        config "$1"
        run ocirun run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: $2"
}

# ocirun without CAP_SYS_RESOURCE, as an engine inside a container would run it.
without_sys_resource() {
        setpriv --bounding-set=-sys_resource --inh-caps=-all "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
}

# "NAME SOFT HARD" for each limit of a process
list_limits() { # PID
        prlimit --pid "$1" --noheadings --raw --output RESOURCE,SOFT,HARD | sort
}

# ---- rlimits

@test "each of Linux's resource limits" {
        local expected

        # a little less than what the caller has, which is allowed to everybody
        expected=$(list_limits $$ | awk '{ hard = $3 == "unlimited" ? 2 ^ 40 : $3 > 100 ? $3 - 1 : $3
                                           printf "%s %.0f %.0f\n", $1, (hard > 100 ? hard - 1 : hard), hard }')
        assert_equal "$(wc -l <<<"$expected")" 16
        config --arg limits "$expected" '.process.rlimits = [$limits | split("\n")[] | split(" ") |
                { type: "RLIMIT_\(.[0])", soft: .[1] | tonumber, hard: .[2] | tonumber }]'
        # config.md, POSIX process: "type (string, REQUIRED) the platform resource being limited [...] soft [...] the value
        # of the limit enforced for the corresponding resource. hard [...] the ceiling for the soft limit"
        start_sleeping
        assert_equal "$(list_limits "$pid")" "$expected"
}

@test "limits that are not set are those of the caller" {
        needs hardened
        config '.process.rlimits = [{ "type": "RLIMIT_NOFILE", "soft": 100, "hard": 200 }]'
        start_sleeping prlimit --core=12345:23456 --stack=7654321 --nofile=300:400
        run list_limits "$pid"
        assert_output_contains "CORE 12345 23456"
        assert_output_contains "STACK 7654321 7654321"
        assert_output_contains "NOFILE 100 200"
}

@test "the hard limit that the caller has, and the largest number as no limit" {
        config --argjson hard "$(ulimit -H -n)" '.process.rlimits = [
                { "type": "RLIMIT_NOFILE", "soft": $hard, "hard": $hard },
                { "type": "RLIMIT_FSIZE", "soft": 18446744073709551615, "hard": 18446744073709551615 }]'
        start_sleeping setpriv --bounding-set=-sys_resource --inh-caps=-all
        run list_limits "$pid"
        assert_output_contains "NOFILE $(ulimit -H -n) $(ulimit -H -n)"
        assert_output_contains "FSIZE unlimited unlimited"
}

@test "limits so low that the runtime itself could not go on with them" {
        config '.process.rlimits = [{ "type": "RLIMIT_NOFILE", "soft": 3, "hard": 3 },
                { "type": "RLIMIT_FSIZE", "soft": 0, "hard": 0 }, { "type": "RLIMIT_NPROC", "soft": 1, "hard": 1 },
                { "type": "RLIMIT_MEMLOCK", "soft": 0, "hard": 0 }]'
        config '.process.user = { "uid": 1000, "gid": 1000 } | .process.args = ["/bin/sh", "-c", "ulimit -n; ulimit -f"]'
        run ocirun run "$ID"
        assert_status 0
        assert_output "3
0"
        # a hook, and a filter
        config '.hooks.startContainer = [{ "path": "/bin/true" }] |
                .linux.seccomp = { "defaultAction": "SCMP_ACT_ALLOW",
                                   "syscalls": [{ "names": ["prlimit64"], "action": "SCMP_ACT_ERRNO" }] } |
                .process.args = ["/bin/sh", "-c", "grep \"open files\" /proc/self/limits"] |
                .process.rlimits = [{ "type": "RLIMIT_NOFILE", "soft": 4, "hard": 5 }]'
        run ocirun run "$ID"
        assert_status 0
        assert_output_matches "Max open files +4 +5"
}

@test "raising a hard limit without CAP_SYS_RESOURCE is an error that says so" {
        config '.process.rlimits = [{ "type": "RLIMIT_CORE", "soft": 0, "hard": 0 },
                                    { "type": "RLIMIT_NOFILE", "soft": 100, "hard": 1000000 }]'
        run prlimit --nofile=500:600 setpriv --bounding-set=-sys_resource --inh-caps=-all \
                "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_status 1
        assert_output "ocirun: run $ID: config.json: process.rlimits[1]: set RLIMIT_NOFILE to 100:1000000: operation not\
 permitted (EPERM)
  hint: raising the hard limit above 600 needs CAP_SYS_RESOURCE in the initial user namespace, and fs.nr_open is the\
 most even then"
        assert_no_debris
}

@test "rlimits that are wrong in themselves" {
        # config.md, POSIX process: "If rlimits contains duplicated entries with same type, the runtime MUST generate an
        # error"
        assert_refused '.process.rlimits = [{ "type": "RLIMIT_CORE", "soft": 0, "hard": 0 },
                                            { "type": "RLIMIT_CPU", "soft": 9, "hard": 9 },
                                            { "type": "RLIMIT_CORE", "soft": 0, "hard": 0 }]' \
                "process.rlimits[2].type: RLIMIT_CORE occurs twice, also in rlimits[0]"
        assert_refused '.process.rlimits = [{ "type": "RLIMIT_CORE", "soft": 2, "hard": 1 }]' \
                "process.rlimits[0].soft: 2 is above the hard limit 1"
        # "The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel interface."
        assert_refused '.process.rlimits = [{ "type": "RLIMIT_OFILE", "soft": 1, "hard": 1 }]' \
                'process.rlimits[0].type: "RLIMIT_OFILE" is not a resource limit of Linux
  hint: a name of getrlimit(2), such as RLIMIT_NOFILE'
        config '.process.rlimits = [{ "type": "RLIMIT_CORE", "soft": -1, "hard": 1 }]'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "config.json: process.rlimits[0].soft: "
        config '.process.rlimits = [{ "type": "RLIMIT_CORE", "soft": 1 }]'
        run ocirun run "$ID"
        assert_status 1
        assert_output_contains "config.json: process.rlimits[0].hard: "
}

# ---- oomScoreAdj

@test "oomScoreAdj is that of the process, and that of the caller when it is not set" {
        # config.md, Linux Process: "If oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value. If
        # oomScoreAdj is not set, the runtime MUST NOT change the value of oom_score_adj."
        create '.process.oomScoreAdj = 567'
        assert_equal "$(cat "/proc/$pid/oom_score_adj")" 567
        destroy
        config 'del(.process.oomScoreAdj)'
        run_detached choom --adjust 321 -- "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "$(cat "/proc/$(container_pid)/oom_score_adj")" 321
        destroy
        create '.process.oomScoreAdj = 0'
        assert_equal "$(cat "/proc/$pid/oom_score_adj")" 0
}

@test "lowering oom_score_adj without CAP_SYS_RESOURCE is an error that says so" {
        config '.process.oomScoreAdj = -500'
        run without_sys_resource run "$ID"
        assert_status 1
        assert_output_matches "config.json: process.oomScoreAdj: write -500 to /proc/[0-9]+/oom_score_adj: permission denied"
        assert_output_contains "hint: lowering it from 0 needs CAP_SYS_RESOURCE in the initial user namespace"
        assert_no_debris
        assert_refused '.process.oomScoreAdj = 1001' "process.oomScoreAdj: must be from -1000 to 1000, not 1001"
}

# ---- scheduler, ioPriority

assert_policy() { # JQ-OBJECT EXPECTED...
        local object=$1

        shift
        config --argjson scheduler "$object" '.process.scheduler = $scheduler'
        create
        assert_equal "$(chrt --pid "$pid" | sed "/runtime parameter:/d; s/^pid $pid's current //" |
                paste -sd' ')" "$1"
        [ $# -lt 2 ] || assert_equal "$(ps -o ni= -p "$pid" | xargs)" "$2"
        destroy
}

@test "scheduler sets the policy and its parameters" {
        needs cap:sys_nice
        assert_policy '{ "policy": "SCHED_OTHER", "nice": 5 }' \
                "scheduling policy: SCHED_OTHER scheduling priority: 0" 5
        assert_policy '{ "policy": "SCHED_BATCH", "nice": -5 }' \
                "scheduling policy: SCHED_BATCH scheduling priority: 0" -5
        assert_policy '{ "policy": "SCHED_IDLE" }' "scheduling policy: SCHED_IDLE scheduling priority: 0"
        assert_policy '{ "policy": "SCHED_FIFO", "priority": 10 }' \
                "scheduling policy: SCHED_FIFO scheduling priority: 10"
        assert_policy '{ "policy": "SCHED_RR", "priority": 99, "flags": ["SCHED_FLAG_RESET_ON_FORK"] }' \
                "scheduling policy: SCHED_RR|SCHED_RESET_ON_FORK scheduling priority: 99"
        assert_policy '{ "policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 20000000, "period": 30000000 }' \
                "scheduling policy: SCHED_DEADLINE scheduling priority: 0 runtime/deadline/period\
 parameters: 1000000/20000000/30000000"
}

@test "a scheduler that is wrong in itself" {
        assert_refused '.process.scheduler = { "policy": "SCHED_FAIR" }' \
                'process.scheduler.policy: "SCHED_FAIR" is not a scheduling policy'
        assert_refused '.process.scheduler = { "policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NONE"] }' \
                'process.scheduler.flags[0]: "SCHED_FLAG_NONE" is not a scheduling flag'
        assert_refused '.process.scheduler = { "policy": "SCHED_OTHER", "nice": 20 }' \
                "process.scheduler.nice: must be from -20 to 19, not 20"
        assert_refused '.process.scheduler = { "policy": "SCHED_FIFO" }' \
                "process.scheduler.priority: must be from 1 to 99 with SCHED_FIFO, not 0"
        assert_refused '.process.scheduler = { "policy": "SCHED_ISO" }' \
                "process.scheduler: set the policy SCHED_ISO: invalid argument (EINVAL)
  hint: Linux does not have this policy"
}

@test "ioPriority sets class and level" {
        local class expected

        needs cap:sys_nice
        while read -r class expected; do
                config --arg class "IOPRIO_CLASS_$class" '.process.ioPriority = { "class": $class, "priority": 3 }'
                create
                assert_equal "$(ionice -p "$pid")" "$expected"
                destroy
        done <<'END'
RT realtime: prio 3
BE best-effort: prio 3
IDLE idle
END
        assert_refused '.process.ioPriority = { "class": "IOPRIO_CLASS_BE", "priority": 8 }' \
                "process.ioPriority.priority: must be from 0 to 7, not 8"
        assert_refused '.process.ioPriority = { "class": "BE", "priority": 0 }' \
                'process.ioPriority.class: "BE" is not an I/O scheduling class'
}

# ---- CPUs and memory

@test "the container does not inherit the CPUs that its caller was pinned to" {
        local all

        all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
        run_detached taskset --cpu-list "${all%%[,-]*}" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(container_pid)/status")" "$all"
}

@test "execCPUAffinity is for exec, and a list in any case" {
        local all

        all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
        create '.process.execCPUAffinity = { "initial": "0", "final": "0" }'
        assert_equal "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status")" "$all"
        destroy
        assert_refused '.process.execCPUAffinity = { "initial": "0", "final": "1-" }' \
                'process.execCPUAffinity.final: must be a list of CPUs such as "0-3,7", not "1-"'
}

@test "personality" {
        needs machine:x86_64
        config '.linux.personality = { "domain": "LINUX32" }'
        run_container 'uname -m'
        # config-linux.md, Personality: "LINUX32 set the uname system call to show a 32 bit CPU type, such as i686."
        assert_output i686
        config '.linux.personality = { "domain": "LINUX" }'
        run setarch i686 "$OCIRUN" --root "$OCIRUN_ROOT" run "$ID"
        assert_output x86_64
        assert_refused '.linux.personality = { "domain": "BSD" }' \
                'linux.personality.domain: must be LINUX or LINUX32, not "BSD"'
        assert_refused '.linux.personality = { "domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"] }' \
                'linux.personality.flags[0]: "ADDR_NO_RANDOMIZE" is not supported: the specification defines no flags'
}

@test "memoryPolicy is the policy of new memory" {
        local mode expected

        [ -e /proc/self/numa_maps ] || skip "needs linux:numa"
        while read -r mode expected; do
                config --arg mode "$mode" '.linux.memoryPolicy = { "mode": $mode, "nodes": "0" }'
                run_container 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
                assert_status 0
                assert_output_contains "$expected"
        done <<'END'
MPOL_BIND bind:0
MPOL_INTERLEAVE interleave:0
MPOL_PREFERRED prefer:0
END
        assert_refused '.linux.memoryPolicy = { "mode": "MPOL_BIND" }' \
                "linux.memoryPolicy.nodes: must be a list of memory nodes with MPOL_BIND"
        assert_refused '.linux.memoryPolicy = { "mode": "MPOL_BIND", "nodes": "1000" }' \
                "linux.memoryPolicy: set MPOL_BIND for the nodes 1000: invalid argument (EINVAL)
  hint: none of these nodes is there and in the cpuset of the cgroup"
}

# ---- security modules, keyring

@test "a label for a security module that is not there is an error" {
        if ! has apparmor; then
                config '.process.apparmorProfile = "web"'
                run ocirun run "$ID"
                assert_status 1
                assert_output_contains "config.json: process.apparmorProfile: AppArmor is not enabled on this host"
        fi
        config 'del(.process.apparmorProfile)'
        if ! has selinux; then
                config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
                run ocirun run "$ID"
                assert_status 1
                assert_output_contains "config.json: process.selinuxLabel: SELinux is not enabled on this host"
                # also where no mount could have it
                config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0" |
                        .mounts |= map(select(.type == "proc")) | .linux.maskedPaths = []'
                run ocirun run "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.mountLabel: SELinux is not enabled on this host"
                assert_output_contains "hint: no selinuxfs is mounted on /sys/fs/selinux"
        fi
        # which engines write when there is nothing to say
        config '.process.apparmorProfile = "" | .process.selinuxLabel = "" | .linux.mountLabel = ""'
        run ocirun run "$ID"
        assert_status 0
}

@test "the container has a session keyring of its own, unless --no-new-keyring" {
        [ -e /proc/keys ] || skip "needs linux:keys"
        config '.linux.maskedPaths = []'
        # proc_keys(5): only keys are listed that the reader may view
        run_container "grep -o 'keyring .*_ses.*' /proc/keys"
        assert_status 0
        assert_output_contains "_ses.$ID: empty"
        run_container "grep -o 'keyring .*_ses.$ID' /proc/keys || echo none" --no-new-keyring
        assert_output none
}
