#!/usr/bin/env bats
# The life of a container: run in one command, and create, start, kill and delete.

load helpers

@test "run gives the program's output and exit status" {
        bundle web
        run_container 'echo "hello from $(hostname), process $$"; exit 7'
        assert_status 7
        assert_output "hello from test, process 1"
}

@test "run gives 128 and the number of the signal that ended the program" {
        bundle web
        # no handler is needed: a pid namespace's init is only immune to signals from inside it
        config '.linux.namespaces |= map(select(.type != "pid"))'
        run_container 'kill -TERM $$'
        assert_status 143
}

@test "the program has its own mounts and no process of the host" {
        bundle web
        run_container 'echo /proc/[0-9]*; awk "{ print \$5 }" /proc/self/mountinfo'
        assert_status 0
        assert_output_contains "/dev/pts"
        assert_equal "${lines[0]}" /proc/1
        refute_output_contains "$BATS_RUN_TMPDIR"
}

@test "create, start, kill and delete" {
        bundle web
        config '.process.args = ["sh", "-c", "trap \"exit 3\" TERM; echo started; mkfifo f; read x <f"]'

        run_detached ocirun create "$ID"
        assert_status 0
        # runtime.md, State: "created: the runtime has finished the create operation, and the container
        # process has neither exited nor executed the user-specified program"
        assert_equal "$(container_status)" created
        pid=$(container_pid)
        refute_exists rootfs/f

        run ocirun start "$ID"
        assert_status 0
        assert_equal "$(container_status)" running
        assert_equal "$(container_pid)" "$pid"

        run ocirun delete "$ID"
        assert_status 1
        # runtime.md, Delete: "Attempting to delete a container that is not stopped MUST have no effect on
        # the container and MUST generate an error"
        assert_equal "$(container_status)" running

        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped

        run ocirun delete "$ID"
        assert_status 0
        run ocirun state "$ID"
        assert_status 1
        assert_output_contains "does not exist"
}

@test "state shows the specification's properties" {
        bundle web
        config '.annotations = { "a.b": "c" } | .process.args = ["sh", "-c", "mkfifo f; read x <f"]'
        run_detached ocirun create "$ID"
        assert_status 0
        run ocirun state "$ID"
        assert_status 0
        assert_equal "$(jq -r '.ociVersion, .id, .status, .bundle, .annotations["a.b"]' <<<"$output" | paste -sd' ')" \
                "1.3.0 $ID created $BUNDLE c"
        assert_exists "/proc/$(jq .pid <<<"$output")/ns/pid"
}

@test "an id that is in use is refused, and its container stays" {
        bundle web
        run_detached ocirun create "$ID"
        assert_status 0
        # runtime.md, Create: "If the ID provided is not unique across all containers within the scope of
        # the runtime [...] the implementation MUST generate an error and a new container MUST NOT be created"
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "$ID"
        assert_equal "$(container_status)" created
}

@test "a program that is not there is an error of create, which leaves nothing" {
        bundle web
        config '.process.args = ["/no/such/program"]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "/no/such/program"
        assert_output_contains "no such file or directory"
        assert_no_debris
}

@test "with nothing but cgroup2 on the host" {
        needs root
        bundle web
        config '.process.args = ["sh", "-c", "cat /proc/self/cgroup; exit 5"]'
        run in_private_cgroup2 ocirun run --bundle "$BUNDLE" "$ID"
        assert_status 5
        # the cgroup namespace makes the container's cgroup the root
        assert_output_contains "0::/"
        refute_output_contains "$ID"
}

@test "the configuration of spec runs the default root" {
        mkdir -p default/rootfs
        cp "$OCIRUN_HELLO" default/rootfs/hello
        run ocirun spec --bundle default
        assert_status 0
        BUNDLE=$PWD/default
        config '.process.args = ["/hello"] | .process.terminal = false | .hostname = "hello"'
        run ocirun run --bundle default "$ID"
        assert_status 0
        assert_output_matches 'process id +1'
        assert_output_matches 'processes +1 visible'
        assert_output_matches 'host name +hello'
        assert_output_matches 'user +uid 0, gid 0'
        assert_output_matches 'no_new_privs +yes'
        assert_output_matches 'nofile +soft 1024 +hard 1024'
        assert_output_matches '/dev/pts +devpts'
        assert_output_matches '/sys +sysfs +ro'
}
