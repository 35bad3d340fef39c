#!/usr/bin/env bats
# The tests' own tools: a check for debris that finds nothing, ever, would make every test worthless.

load helpers

@test "debris of every kind is found and taken away" {
        needs root cgroup2
        local cgroup
        cgroup=$(cgroup2_root)/ocirun-$ID
        assert_no_debris

        mkdir "$OCIRUN_ROOT/$ID" "$cgroup" "$cgroup/inner" mnt
        mount -t tmpfs none mnt
        # one process that is known by its cgroup, and one by its environment
        env -u OCIRUN_TEST_ID sh -c "echo \$\$ >'$cgroup/inner/cgroup.procs'; exec sleep 1000" 3>&- &
        sleep 1000 3>&- &

        run list_debris
        assert_output_contains "state $OCIRUN_ROOT/$ID"
        assert_output_contains "cgroup $cgroup/inner"
        assert_output_contains "mount $BATS_TEST_TMPDIR/mnt"
        assert_output_contains "process $! sleep 1000"
        run assert_no_debris
        assert_status 1
        assert_output_contains "left behind:"
        refute_exists "$cgroup"
        assert_no_debris
}

@test "a network device of this test is debris" {
        needs root netdev:bridge
        ip link add debris type bridge
        ip link set dev debris alias "$ID"
        run assert_no_debris
        assert_status 1
        assert_output_contains "network device debris"
        run ip link show debris
        assert_status 1
}

@test "as_user is nobody of the host, and has subordinate ids" {
        needs root rootless-user
        run as_user sh -c 'id -u; unshare --user --map-root-user --map-auto cat /proc/self/uid_map'
        assert_status 0
        assert_equal "${lines[0]}" 64300
        assert_output_matches '1 +1000000000 +65535'
        run id ocirun-test
        assert_status 1
}

@test "in_private_cgroup2 shows cgroup2 and nothing else" {
        needs root
        run in_private_cgroup2 findmnt --noheadings --raw --submounts --output FSTYPE /sys/fs/cgroup
        assert_status 0
        assert_output cgroup2
}

@test "what is not there is not there" {
        local feature

        for feature in cap:no_such cgroup:no-such cgroup1:no-such cgroup2:no-such command:no-such linux:99.0 \
                machine:no-such netdev:no-such; do
                run has "$feature"
                [ "$status" -ne 0 ] || fail "there is $feature"
        done
}

@test "a feature that needs does not know is an error" {
        run needs no-such-feature
        assert_status 1
        assert_output_contains "there is no feature no-such-feature"
}

# results PLACE:NAME: a file of TAP with the lines of standard input
results() {
        mkdir -p results
        cat >"results/$1"
        echo "1..$(grep -c ok "results/$1")" >>"results/$1"
}

@test "a guest runs what was skipped in every place" {
        results host:harness <<'END'
ok 1 debris of every kind is found and taken away # skip needs this
ok 2 in_private_cgroup2 shows cgroup2 and nothing else # skip needs that
ok 3 what is not there is not there
END
        results host-sanitizers:harness <<'END'
ok 1 in_private_cgroup2 shows cgroup2 and nothing else
ok 2 what is not there is not there # skip needs that
END
        # shellcheck disable=SC2154 # set by helpers.bash
        run "$helpers/../vm/select" none results
        assert_status 0
        assert_output 'harness 1 ^debris of every kind is found and taken away$'
        run "$helpers/../vm/select" none results harness basic
        assert_output_matches '^harness [0-9]+ .basic [0-9]+ $'
}

@test "the sum fails for what ran nowhere, though there were several places" {
        results host:one <<<'ok 1 this # skip needs root'
        run "$helpers/../summarize" "$helpers/../known-skips" results/*
        assert_status 0
        results uml:one <<<'ok 1 this # skip needs userns'
        run "$helpers/../summarize" "$helpers/../known-skips" results/*
        assert_status 1
        assert_output_contains "one: this (needs root; needs userns)"
        results host-sanitizers:one <<<'ok 1 this'
        run "$helpers/../summarize" "$helpers/../known-skips" results/*
        assert_status 0
        assert_output_contains "on host: 1, of which only there: 1"
}

@test "the sum fails for results that are missing" {
        mkdir results
        : >results/empty
        results bad <<<'not ok 1 this'
        printf '1..2\nok 1 this\n' >results/short
        echo 'ok 1 this' >results/cut
        run "$helpers/../summarize" "$helpers/../known-skips" results/*
        assert_status 1
        assert_output_contains "  results/empty: is empty"
        assert_output_contains "  bad: this"
        assert_output_contains "  short: a result is missing"
        assert_output_contains "  cut: ended without a plan after 1 results"
        assert_equal "${lines[-1]}" "2 passed, 4 failed, 0 skipped"
}
