#!/usr/bin/env bats
# Containers that do not want to be seen or ended, neighbours that look into them, and commands that meet.

load helpers

# A program of the container, from C on standard input.
compile() {
        needs command:gcc
        gcc -O1 -static -pthread -o "rootfs/bin/$1" -x c -
}

@test "a container whose first thread has ended runs, and can be killed" {
        bundle web
        compile leaderless <<'END'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *stay(void *unused)
{
        char state = 0;
        while (state != 'Z') {
                FILE *f = fopen("/proc/self/stat", "r");
                if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
                        _exit(1);
                fclose(f);
        }
        mkfifo("/ready", 0600);
        fclose(fopen("/ready", "w"));
        for (;;)
                pause();
}
int main(void)
{
        pthread_t thread;
        pthread_create(&thread, NULL, stay, NULL);
        pthread_exit(NULL);
}
END
        mkfifo rootfs/ready
        config '.process.args = ["/bin/leaderless"]'
        run_detached ocirun run --detach "$ID"
        assert_status 0
        read -r <rootfs/ready || :

        # runtime.md, State: "running: the container process has executed the user-specified program but has not exited"
        assert_equal "$(container_status)" running
        pid=$(container_pid)
        run ocirun delete "$ID"
        assert_status 1
        run ocirun kill "$ID" KILL
        assert_status 0
        wait_for_end "$pid"
        assert_equal "$(container_status)" stopped
}

# CVE-2016-9962: init has descriptors of the host before it becomes the container's.
@test "who is in a user namespace cannot look into a container that joins it" {
        needs root userns
        bundle web
        config '.linux.namespaces += [{ "type": "user" }] | .process.args = ["sleep", "100"] |
                .linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 65536 }] |
                .linux.gidMappings = .linux.uidMappings'
        run_detached ocirun create "$ID"
        assert_status 0
        config --arg path "/proc/$(container_pid)/ns/user" '.process.args = ["true"] |
                del(.linux.uidMappings, .linux.gidMappings) |
                .linux.namespaces |= map(if .type == "user" then .path = $path else . end)'

        nsenter --user="/proc/$(container_pid)/ns/user" -- python3 - "$BUNDLE/rootfs" >seen 3>&- <<'END' &
import os, sys
open("watching", "w").close()
while not os.path.exists("over"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) <= os.getpid():
            continue
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(sys.argv[1]):
                    print(pid, fd, flush=True)
        except OSError:
            pass
END
        spy=$!
        for n in 1 2 3 4 5 6 7 8 9 10; do
                run ocirun run "$ID-$n"
                assert_status 0
        done
        touch over
        wait "$spy"
        # or this is no test
        assert_exists watching
        assert_equal "$(wc -l <seen)" 0
}

@test "of several creates of one id at a time one makes the container" {
        bundle web
        config '.process.args = ["sleep", "100"]'
        for _ in 1 2 3; do
                for n in 1 2 3 4 5 6; do
                        (
                                code=0
                                ocirun create "$ID" </dev/null >"error.$n" 2>&1 3>&- || code=$?
                                echo "$code" >"status.$n"
                        ) &
                done
                wait
                # runtime.md, Create: "If the ID provided is not unique [...] the implementation MUST generate an error"
                assert_equal "$(sort status.* | tr '\n' ' ')" "0 1 1 1 1 1 "
                assert_equal "$(grep -l "container with given ID already exists" error.* | wc -l)" 5
                assert_equal "$(container_status)" created
                run ocirun delete --force "$ID"
                assert_status 0
                assert_no_debris
        done
}

@test "create, while the container of that id is deleted, makes it or says that it is there" {
        bundle web
        config '.process.args = ["sleep", "100"]'
        for _ in 1 2 3 4 5 6; do
                run_detached ocirun create "$ID"
                assert_status 0
                ocirun delete --force "$ID" 3>&- &
                ocirun create "$ID" </dev/null >error.1 2>&1 3>&- &
                first=$!
                status=0
                ocirun create "$ID" </dev/null >error.2 2>&1 3>&- || status=$?
                wait "$first" || status=$status$?
                wait
                case $status in
                0) fail "both have made it" ;;
                01 | 1) assert_equal "$(container_status)" created ;;
                11) run ! ocirun state "$ID" ;;
                esac
                for error in error.*; do
                        [ ! -s "$error" ] || grep -q "container with given ID already exists" "$error" || fail "$(<"$error")"
                done
                ocirun delete --force "$ID"
                assert_no_debris
        done
}
