#!/usr/bin/env bats
# linux.memoryPolicy, by what the kernel says of the container's memory in numa_maps (numa(7)).
# Quotations are from config-linux.md, Memory policy.

load helpers

setup() {
        setup_test
        [ -e /proc/self/numa_maps ] || skip "needs linux:numa"
        bundle web
}

# policy JSON: linux.memoryPolicy
policy() {
        config --argjson policy "$1" '.linux.memoryPolicy = $policy'
}

# What the kernel says of the stack: numa_maps has a line for each mapping, with its policy between address and kind.
assert_policy() { # JSON EXPECTED
        policy "$1"
        run_container "sed -n 's/^[0-9a-f]* \\(.*\\) stack.*/\\1/p' /proc/self/numa_maps"
        assert_status 0
        assert_equal "$1 $output" "$1 $2"
}

assert_refused() { # JSON EXPECTED
        policy "$1"
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.memoryPolicy$2"
        assert_no_debris
}

@test "each mode of a memory policy" {
        assert_policy '{ "mode": "MPOL_DEFAULT" }' default
        assert_policy '{ "mode": "MPOL_BIND", "nodes": "0" }' bind:0
        assert_policy '{ "mode": "MPOL_INTERLEAVE", "nodes": "0" }' interleave:0
        assert_policy '{ "mode": "MPOL_PREFERRED", "nodes": "0" }' prefer:0
        assert_policy '{ "mode": "MPOL_PREFERRED_MANY", "nodes": "0" }' "prefer (many):0"
        assert_policy '{ "mode": "MPOL_LOCAL" }' local
        # set_mempolicy(2): preferred without nodes is local
        assert_policy '{ "mode": "MPOL_PREFERRED" }' local
        has linux:6.9 || return 0
        assert_policy '{ "mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0" }' "weighted interleave:0"
}

@test "each flag of a memory policy" {
        assert_policy '{ "mode": "MPOL_BIND", "nodes": "0", "flags": [] }' bind:0
        assert_policy '{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"] }' bind=static:0
        assert_policy '{ "mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"] }' \
                interleave=relative:0
        # numa_maps does not show it before Linux 6.11, and with several flags only some
        policy '{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING", "MPOL_F_STATIC_NODES"] }'
        run_container 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
        assert_status 0
        assert_output_contains bind=
}

@test "nodes are relative to those of the cgroup, static or not there at all" {
        # "list of memory nodes from which nodemask is constructed to set_mempolicy(2)": a node is not there on any
        # machine, unless the list is relative, which folds it
        assert_policy '{ "mode": "MPOL_BIND", "nodes": "0,900-1000" }' bind:0
        assert_policy '{ "mode": "MPOL_BIND", "nodes": "0,1000", "flags": ["MPOL_F_STATIC_NODES"] }' bind=static:0
        [ -d /sys/devices/system/node/node1 ] ||
                assert_policy '{ "mode": "MPOL_BIND", "nodes": "7", "flags": ["MPOL_F_RELATIVE_NODES"] }' bind=relative:0
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "1000" }' ": set MPOL_BIND for the nodes 1000: invalid argument"
}

@test "the policy is that of the program's children, and without the property the caller's is kept" {
        policy '{ "mode": "MPOL_BIND", "nodes": "0" }'
        run_container 'sh -c "grep -c bind:0 /proc/self/numa_maps >/dev/null && echo inherited"; true'
        assert_output inherited
        config 'del(.linux.memoryPolicy)'
        run_container 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
        assert_output default
}

@test "a memory policy that cannot be is refused" {
        # "Some modes require that there are no nodes, e.g. MPOL_DEFAULT and MPOL_LOCAL. Others that there is at least
        # one node, e.g. MPOL_BIND and MPOL_INTERLEAVE."
        for mode in MPOL_DEFAULT MPOL_LOCAL; do
                assert_refused "{ \"mode\": \"$mode\", \"nodes\": \"0\" }" ".nodes: must be empty with $mode, not \"0\""
        done
        for mode in MPOL_BIND MPOL_INTERLEAVE MPOL_PREFERRED_MANY MPOL_WEIGHTED_INTERLEAVE; do
                assert_refused "{ \"mode\": \"$mode\" }" ".nodes: must be a list of memory nodes with $mode"
                assert_refused "{ \"mode\": \"$mode\", \"nodes\": \"\" }" ".nodes: must be a list of memory nodes with $mode"
        done
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "-1" }' '.nodes: must be a list of memory nodes such as "0-3,7"'
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "3-1" }' '.nodes: must be a list of memory nodes such as "0-3,7"'
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "99999999999999999999" }' '.nodes: must '
        assert_refused '{ "mode": "BIND", "nodes": "0" }' '.mode: "BIND" is not a memory policy'
        assert_refused '{ "nodes": "0" }' ".mode: "
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NONE"] }' \
                '.flags[0]: "MPOL_F_NONE" is not a flag of a memory policy'
        assert_refused '{ "mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"] }' \
                ".flags[1]: MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other"
        # the kernel's answer is passed on: balancing is for bind
        assert_refused '{ "mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"] }' \
                ": set MPOL_INTERLEAVE for the nodes 0: invalid argument (EINVAL)"
}
