#!/usr/bin/env bats
# process.scheduler at its limits and where it leaves something open: config.md, Linux Process.
# tests/bats/attributes.bats has each policy.

load helpers

setup() {
        setup_test
        needs cap:sys_nice
        bundle web
}

# With this scheduler, chrt(1) and ps(1) say this of the container's init; PREFIX is a command that runs ocirun.
assert_scheduled() { # JQ-OBJECT EXPECTED [PREFIX...]
        local object=$1 expected=$2 pid

        shift 2
        config --argjson scheduler "$object" '.process.scheduler = $scheduler | del(.process.scheduler | nulls)'
        run_detached "$@" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_output ""
        pid=$(container_pid)
        assert_equal "$object $(chrt --pid "$pid" | sed "/runtime parameter:/d; s/.*: //" | paste -sd' ') $(
                ps -o ni= -p "$pid" | xargs)" "$object $expected"
        ocirun delete --force "$ID"
}

@test "scheduler: what is not set is 0" {
        # "nice (int32, OPTIONAL) [...] If not set, the runtime must use the value 0.", and so for priority
        assert_scheduled '{ "policy": "SCHED_OTHER" }' "SCHED_OTHER 0 0" nice -n 5
        assert_scheduled '{ "policy": "SCHED_BATCH" }' "SCHED_BATCH 0 0" nice -n -5
        assert_scheduled '{ "policy": "SCHED_OTHER" }' "SCHED_OTHER 0 0" chrt --rr 7
        assert_scheduled '{ "policy": "SCHED_IDLE" }' "SCHED_IDLE 0 -" chrt --fifo 99
        # without the object all is as in the caller
        assert_scheduled null "SCHED_OTHER 0 5" nice -n 5
        assert_scheduled null "SCHED_RR 7 -" chrt --rr 7
}

@test "scheduler: the least and the greatest of nice and priority" {
        assert_scheduled '{ "policy": "SCHED_OTHER", "nice": -20 }' "SCHED_OTHER 0 -20"
        assert_scheduled '{ "policy": "SCHED_BATCH", "nice": 19 }' "SCHED_BATCH 0 19"
        assert_scheduled '{ "policy": "SCHED_OTHER", "nice": 0 }' "SCHED_OTHER 0 0" nice -n 5
        assert_scheduled '{ "policy": "SCHED_FIFO", "priority": 1 }' "SCHED_FIFO 1 -"
        assert_scheduled '{ "policy": "SCHED_RR", "priority": 99 }' "SCHED_RR 99 -"
        # proc(5), stat: 40 is the real-time priority, 41 the policy; with this flag they are not a child's
        config '.process.scheduler = { policy: "SCHED_RR", priority: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"] }'
        run_container 'cut -d" " -f40,41 /proc/$$/stat; sh -c "cut -d\" \" -f40,41 /proc/\$\$/stat; :"; :'
        assert_status 0
        assert_output $'5 2\n0 0'
}
