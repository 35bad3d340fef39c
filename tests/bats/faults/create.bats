#!/usr/bin/env bats
# A create that fails, or is killed, at any of its steps leaves nothing behind.

load ../helpers

# The steps are those of the table in the source, so that a new one is tested from its first day.
steps() {
        sed -n 's/^ *{ "\([a-z ]*\)", step_[a-z_]*, .*/\1/p' "$BATS_TEST_DIRNAME/../../../src/lifecycle/create.c"
}

setup() {
        setup_test
        needs fault-injection
        bundle web
        # something to do for each step
        config '.hooks.prestart = [{ "path": "/bin/true" }] | .linux.resources.pids.limit = 100'
}

# Create with this action at each step, then CHECK what is left.
assert_at_each_step() { # ACTION CHECK
        local step n=0

        while read -r step; do
                OCIRUN_FAULT="$1:$step" run_detached ocirun create "$ID"
                "$2" || fail "$1 at step: $step" "$output"
                n=$((n + 1))
        done < <(steps)
        # the table was found
        [ $n -ge 10 ] || fail "only $n steps"
}

reported_and_gone() {
        assert_status 1 && assert_output_contains "fault injected" && assert_no_debris
}

# runtime.md, Delete: "Deleting a container MUST delete the resources that were created during the create step"
killed_and_deleted() {
        assert_status 137 || return
        run ocirun delete --force "$ID"
        assert_status 0 && assert_no_debris
}

killed_and_created_again() {
        assert_status 137 || return
        # killed after the last step, it has made the container
        if [ "$(container_status 2>/dev/null)" != created ]; then
                run_detached ocirun create "$ID"
                assert_status 0 || return
        fi
        run ocirun delete --force "$ID"
        assert_status 0 && assert_no_debris
}

@test "a step that fails undoes what was made before it" {
        assert_at_each_step fail reported_and_gone
}

@test "a step that fails after it has acted is undone with the others" {
        assert_at_each_step fail-after reported_and_gone
}

@test "delete --force takes away what a killed create leaves" {
        assert_at_each_step kill killed_and_deleted
        assert_at_each_step kill-after killed_and_deleted
}

@test "the next create of that id takes away what a killed create leaves" {
        assert_at_each_step kill killed_and_created_again
        assert_at_each_step kill-after killed_and_created_again
}

# What an engine has mounted there is the engine's to unmount.
@test "without a mount namespace, undoing leaves a mount alone that was there before" {
        config '.linux.namespaces |= map(select(.type | IN("mount", "cgroup") | not)) | .mounts = [] |
                .process.args = ["/bin/sleep", "100"] | del(.linux.maskedPaths, .linux.readonlyPaths)'
        mv rootfs real
        mkdir rootfs
        export OCIRUN_ROOT ID
        # shellcheck disable=SC2016 # for that shell
        run unshare --mount --propagation private -- sh -c '
                mounts() { grep -c " $PWD/rootfs " /proc/self/mountinfo; }
                mount --bind real rootfs
                OCIRUN_FAULT="fail:id mappings" "$@"
                mounts
                "$@" </dev/null >/dev/null 2>&1
                mounts
                "$0" --root "$OCIRUN_ROOT" delete --force "$ID"
                mounts' "$OCIRUN" "$OCIRUN" --root "$OCIRUN_ROOT" create "$ID"
        assert_status 0
        assert_equal "${lines[*]:1}" "1 2 1"
}
