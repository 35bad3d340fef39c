#!/usr/bin/env bats
# What delete takes away, whatever the container did, and what it leaves: runtime.md, Delete.

load helpers

setup() {
        setup_test
        needs cgroup2
        bundle web
        config '.process.args = ["tail", "-f", "/dev/null"]'
        log=$BUNDLE/log
        cgroup=$(cgroup2_root)/ocirun-$ID
}

teardown() {
        umount "$cgroup/busy" 2>/dev/null || :
        [ -z "$server" ] || stop_server
        teardown_test
}

create() {
        run_detached ocirun create --bundle "$BUNDLE" "$ID"
        assert_status 0
}

hook() { # KIND SCRIPT
        config --arg kind "$1" --arg script "$2" '.hooks[$kind] += [{ path: "/bin/sh", args: ["sh", "-c", $script] }]'
}

# "frozen 1", "populated 0"
wait_for_cgroup() {
        # shellcheck disable=SC2016 # for that shell
        timeout 10 sh -c 'until grep -qx "$2" "$1/cgroup.events"; do :; done' sh "$cgroup" "$1" ||
                fail "the cgroup is not $1"
}

# ---- what cannot be done at once

@test "what delete cannot take away, the next one does" {
        hook poststop "echo poststop >>$log"
        create
        mkdir "$cgroup/busy"
        mount -t tmpfs none "$cgroup/busy"
        run ocirun delete --force "$ID"
        assert_status 1
        assert_output_contains "delete $ID: remove the cgroups in /ocirun-$ID: device or resource busy (EBUSY)"
        assert_equal "$(container_status)" stopped
        # "The poststop hooks MUST be called after the container is deleted"
        refute_exists "$log"

        umount "$cgroup/busy"
        run ocirun delete "$ID"
        assert_status 0
        assert_output ""
        assert_equal "$(<"$log")" poststop
        assert_no_debris
}

@test "what a create that fails cannot take away, the next one does, or delete" {
        hook prestart "mkdir $cgroup/busy && mount -t tmpfs none $cgroup/busy; exit 3"
        hook poststop "echo poststop >>$log"
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "warning: remove the cgroups in /ocirun-$ID: device or resource busy"
        assert_output_contains "create $ID: config.json: hooks.prestart[0]: /bin/sh: exit status 3"
        refute_exists "$log"
        umount "$cgroup/busy"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_equal "$(<"$log")" poststop
        assert_no_debris

        run_detached ocirun create "$ID"
        assert_status 1
        umount "$cgroup/busy"
        config 'del(.hooks)'
        create
        assert_equal "$(paste -sd' ' "$log")" "poststop poststop"
}

@test "poststop hooks run for a create that was killed" {
        # shellcheck disable=SC2016 # for the hook's shell
        hook prestart 'kill -KILL $PPID'
        hook poststop "jq -c '[.id, .status]' >>$log"
        run_detached ocirun create "$ID"
        assert_status 137
        run ocirun delete --force "$ID"
        assert_status 0
        # runtime.md, Lifecycle, step 13: "The poststop hooks MUST be invoked by the runtime."
        assert_equal "$(<"$log")" "[\"$ID\",\"stopped\"]"

        rm "$log"
        run_detached ocirun create "$ID"
        assert_status 137
        config 'del(.hooks)'
        create
        # those of the record, before the new container begins
        assert_equal "$(<"$log")" "[\"$ID\",\"stopped\"]"
}

# ---- whatever the container does

@test "a frozen container is paused, and can be killed and deleted" {
        create
        ocirun start "$ID"
        pid=$(container_pid)
        echo 1 >"$cgroup/cgroup.freeze"
        wait_for_cgroup "frozen 1"
        # "Additional values MAY be defined by the runtime"
        assert_equal "$(container_status)" paused
        run ocirun delete "$ID"
        assert_status 1
        assert_output_contains "cannot delete container $ID that is not stopped"
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        run ocirun delete "$ID"
        assert_status 0

        create
        echo 1 >"$cgroup/cgroup.freeze"
        wait_for_cgroup "frozen 1"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
        assert_no_debris
}

@test "a container that SIGSTOP has stopped" {
        create
        ocirun start "$ID"
        ocirun kill "$ID" STOP
        # that is not what the specification means by stopped: "the container process has exited"
        assert_equal "$(container_status)" running
        run ocirun delete --force "$ID"
        assert_status 0
        assert_no_debris
}

# Start a container without a pid namespace in which each process forks another one and ends: whoever kills them one
# after the other comes too late.
start_moving_targets() {
        config '.linux.namespaces |= map(select(.type != "pid")) |
                .process.args = ["sh", "-c", "sh -c \"f() { (usleep 10000; f) & }; f; f; f\"; echo >/started; exec tail -f /dev/null"]'
        mkfifo rootfs/started
        create
        ocirun start "$ID"
        timeout 10 cat rootfs/started
}

@test "delete --force ends processes that fork all the time" {
        start_moving_targets
        run ocirun delete --force "$ID"
        assert_status 0
        # with its cgroup, no process of it can be left
        refute_exists "$cgroup"
        assert_no_debris
}

@test "kill KILL ends processes that fork all the time" {
        start_moving_targets
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_cgroup "populated 0"
}

@test "kill --all reaches processes that fork all the time" {
        start_moving_targets
        run ocirun kill --all "$ID" TERM
        assert_status 0
        wait_for_cgroup "populated 0"
}

stop_server() {
        kill "$server"
        wait_for_end "$server"
        umount -l hanging
}

# One that sleeps in the kernel cannot be frozen (cgroups(7), freezer), for as long as nobody answers it.
@test "kill --all signals also when a process cannot be frozen" {
        needs root fuse
        mkdir hanging
        mkfifo events
        # shellcheck disable=SC2154 # set by helpers.bash
        "$helpers/hanging-mount" "$BUNDLE/hanging" >events 3>&- &
        server=$!
        exec 8<events
        read -r -t 10 <&8
        config '.process.args = ["sh", "-c", "trap \"exit 9\" TERM; echo >/started; while :; do sleep 1000 & wait; done"]'
        mkfifo rootfs/started
        create
        ocirun start "$ID"
        timeout 10 cat rootfs/started
        pid=$(container_pid)
        sh -c 'echo $$ >"$1/cgroup.procs"; exec cat "$2"' sh "$cgroup" "$BUNDLE/hanging/file" 3>&- 8<&- &
        hanging=$!
        read -r -t 10 <&8
        run ocirun kill --all "$ID" TERM
        assert_status 0
        wait_for_end "$pid"
        # and nothing is left frozen
        assert_equal "$(<"$cgroup/cgroup.freeze")" 0
        stop_server
        server=
        wait_for_end "$hanging"
}

@test "cgroups below the container's are deleted with their processes" {
        start_moving_targets
        mkdir -p "$cgroup"/{a/b/c,d/e}
        pid=$(container_pid)
        echo "$pid" >"$cgroup/a/b/c/cgroup.procs"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
        wait_for_end "$pid"
        assert_no_debris
}

# ---- what it needs, and leaves

@test "delete and kill need nothing of the bundle" {
        hook poststop "pwd >$BATS_TEST_TMPDIR/poststop"
        create
        pid=$(container_pid)
        cd /usr
        rm -r "$BUNDLE"
        assert_equal "$(container_status)" created
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        run ocirun delete "$ID"
        assert_status 0
        assert_output ""
        assert_equal "$(<"$BATS_TEST_TMPDIR/poststop")" /usr
}

@test "a cgroup that was there before stays" {
        local own
        own=$(cgroup2_root)/before-$ID
        mkdir "$own"
        config --arg path "/before-$ID/inner/most" '.linux.cgroupsPath = $path'
        create
        assert_equal "$(awk -F:: '/^0/ { print $2 }' "/proc/$(container_pid)/cgroup")" "/before-$ID/inner/most"
        run ocirun delete --force "$ID"
        assert_status 0
        # "resources associated with the container, but not created by this container, MUST NOT be deleted"
        assert_equal "$(find /sys/fs/cgroup -depth -type d -path "*$ID*")" "$own"
        config --arg path "/before-$ID" '.linux.cgroupsPath = $path'
        create
        run ocirun delete --force "$ID"
        assert_status 0
        assert_equal "$(find /sys/fs/cgroup -depth -type d -path "*$ID*")" "$own"
        rmdir "$own"
}

@test "the state directory is for its owner alone" {
        umask 0
        create
        assert_equal "$(stat -c '%a %n' "$OCIRUN_ROOT/$ID" "$OCIRUN_ROOT/$ID/state.json" | paste -sd' ')" \
                "700 $OCIRUN_ROOT/$ID 600 $OCIRUN_ROOT/$ID/state.json"
}

@test "what cannot be deleted is said once, and can be deleted later" {
        create
        mkdir "$OCIRUN_ROOT/$ID/foreign"
        run ocirun delete --force "$ID"
        assert_status 1
        assert_output "ocirun: delete $ID: remove the state directory of $ID: directory not empty (ENOTEMPTY)"
        rmdir "$OCIRUN_ROOT/$ID/foreign"
        run ocirun delete --force "$ID"
        assert_status 0
        assert_output ""
}
