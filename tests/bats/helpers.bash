# What the bats files share:  load helpers
# shellcheck shell=bash
#
# OCIRUN is the program under test (default: the one in PATH), OCIRUN_HELLO the default root's program,
# OCIRUN_TEST_ROOTS the directory that tests/make-roots filled (default: /var/cache/ocirun-tests).
#
# Each file of tests has a --root of its own, each test an $ID for its container, or the beginning of the
# ids of several ("$ID-2"), and of what else it names (a cgroupsPath, a network device), so that debris can
# be told from what others do on the machine.  A file that has its own setup() calls setup_test in it, and
# teardown_test in its teardown().
#
#     bundle NAME                make a bundle from the busybox root and config.json, and go there
#     config JQ-ARGUMENT...      edit its config.json:  config '.hostname = "a"'
#     ocirun ARGUMENT...         the program with the right --root;  run ocirun state "$ID"
#     run_container SCRIPT [OPTION...]   run a shell script in the container in the foreground
#     run_detached COMMAND...    for what leaves a process behind (create, run --detach): as `run`
#     container_status [ID], container_pid [ID]
#     wait_for_end PID           until that process has ended
#     in_private_cgroup2 COMMAND...      with nothing but cgroup2 on /sys/fs/cgroup; root only
#     as_user COMMAND...         as an unprivileged user with subordinate ids; root only
#     assert_*, refute_*         below
#     needs FEATURE...           skip this test unless all are there:
#
#         root              the tests run as root
#         cap:NAME          with this capability (cap:sys_resource)
#         cgroup2           it is mounted where the tests can see it
#         cgroup2:NAME      the controller is in cgroup2; cgroup1:NAME: it is bound to a v1 hierarchy;
#                           cgroup:NAME: one or the other
#         systemd           systemd manages the machine
#         systemd-cgroup    so it does, and the program ocirun-systemd is installed
#         systemd-user      and users have a systemd of their own, with a bus
#         userns            user namespaces may be made
#         rootless-user     as_user works, with newuidmap
#         fuse              file systems in user space can be mounted
#         psi               cgroups tell of pressure
#         netdev:TYPE       the kernel can make network devices of this type
#         linux:X.Y         the kernel is at least this version
#         apparmor selinux  the security module is active
#         debian-root       tests/make-roots has made the Debian root
#         command:NAME      the program is installed
#         machine:NAME      as uname -m says
#         gcc-build static  how the program under test was built
#         hardened          not with sanitizers, which take the place of other checks, and want room
#         fault-injection   it was configured with --enable-fault-injection

bats_require_minimum_version 1.5.0

helpers=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${OCIRUN:=$(command -v ocirun)}" "${OCIRUN_TEST_ROOTS:=/var/cache/ocirun-tests}"

setup() {
        setup_test
}

teardown() {
        teardown_test
}

setup_test() {
        ID=test-${BATS_RUN_TMPDIR##*[!A-Za-z0-9]}-$BATS_SUITE_TEST_NUMBER
        OCIRUN_ROOT=$BATS_FILE_TMPDIR/root
        # assert_no_debris finds processes by it
        export OCIRUN_TEST_ID=$ID
        mkdir -p "$OCIRUN_ROOT"
        cd "$BATS_TEST_TMPDIR" || return
}

teardown_test() {
        local id

        for id in $(ocirun list --quiet); do
                ocirun delete --force "$id"
        done
        cd / || return
        assert_no_debris
}

# ---- containers

ocirun() {
        "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
}

bundle() {
        BUNDLE=$BATS_TEST_TMPDIR/$1
        mkdir "$BUNDLE"
        # without extended attributes and times, it is hardly more than half of the system calls
        cp -dR --preserve=mode,ownership "$OCIRUN_TEST_ROOTS/busybox" "$BUNDLE/rootfs"
        cp "$helpers/config.json" "$BUNDLE/config.json"
        cd "$BUNDLE" || return
}

config() {
        jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.json.new"
        mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

run_container() {
        config --arg script "$1" '.process.args = ["sh", "-c", $script]'
        shift
        run ocirun run --bundle "$BUNDLE" "$@" "$ID"
}

# A container keeps the standard output that it was made with, and `run` would wait for its end.  So the
# output goes to a file, which also gets what the container prints later.
run_detached() {
        status=0
        "$@" </dev/null >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- || status=$?
        output=$(<"$BATS_TEST_TMPDIR/output")
}

container_status() {
        ocirun state "${1:-$ID}" | jq -r .status
}

container_pid() {
        ocirun state "${1:-$ID}" | jq -r .pid
}

# Ten seconds are a test that hangs, and not one that is slow.
wait_for_end() {
        python3 - "$1" <<'END'
import os, select, sys
try:
    fd = os.pidfd_open(int(sys.argv[1]))
except ProcessLookupError:
    sys.exit(0)
if not select.select([fd], [], [], 10)[0]:
    sys.exit(f"process {sys.argv[1]} has not ended")
END
}

in_private_cgroup2() {
        if [ "$1" = ocirun ]; then
                shift
                set -- "$OCIRUN" --root "$OCIRUN_ROOT" "$@"
        fi
        # shellcheck disable=SC2016 # for that shell
        unshare --mount --propagation private -- sh -c '
                umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"
}

as_user() {
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        "$helpers/as-user" "$BATS_TEST_TMPDIR/user" "$@"
}

# ---- assertions: each says what it saw

fail() {
        printf '%s\n' "$@" >&2
        return 1
}

assert_equal() { # ACTUAL EXPECTED
        [ "$1" = "$2" ] || fail "expected: $2" "got:      $1"
}

# The exit status of the last `run`.
assert_status() {
        # shellcheck disable=SC2154 # set by run
        [ "$status" -eq "$1" ] || fail "exit status $status instead of $1; output:" "$output"
}

assert_output() {
        assert_equal "$output" "$1"
}

assert_output_contains() {
        [[ $output = *"$1"* ]] || fail "not in the output: $1" "output: $output"
}

assert_output_matches() { # extended regular expression
        [[ $output =~ $1 ]] || fail "the output does not match: $1" "output: $output"
}

refute_output_contains() {
        [[ $output != *"$1"* ]] || fail "in the output: $1" "output: $output"
}

assert_exists() {
        [ -e "$1" ] || fail "$1 does not exist"
}

refute_exists() {
        [ ! -e "$1" ] || fail "$1 exists"
}

# ---- debris

# Print what containers of this test left behind, one thing a line with its kind in front.  It runs after every
# test, so it makes few processes: each takes 30 ms in a guest.
list_debris() {
        local point pid device alias

        find "$OCIRUN_ROOT" /sys/fs/cgroup -depth -path "$OCIRUN_ROOT/*" -printf 'state %p\n' -o \
                -type d -path "*$ID*" -printf 'cgroup %p\n'
        while read -r _ _ _ _ point _; do
                [[ $point != "$BATS_RUN_TMPDIR/"* ]] || printf 'mount %s\n' "$point"
        done </proc/self/mountinfo
        # the shell itself has no mark: its environment is the one that it was started with
        for pid in $(cd /proc && id=$OCIRUN_TEST_ID && unset OCIRUN_TEST_ID &&
                grep -las "OCIRUN_TEST_ID=$id\$" -z [0-9]*/environ); do
                printf 'process %s %s\n' "${pid%/*}" "$(tr '\0' ' ' <"/proc/${pid%/*}/cmdline")"
        done
        for device in /sys/class/net/*; do
                alias=
                read -r alias 2>/dev/null <"$device/ifalias" || :
                [[ ${device##*/}$alias != *"$ID"* ]] || printf 'network device %s\n' "${device##*/}"
        done
}

# Take it away, so that one bad test does not spoil those after it.
remove_debris() {
        local kind what pid

        while read -r kind what; do
                case $kind in
                process) kill -KILL "${what%% *}" ;;
                mount) umount -l "$what" ;;
                cgroup)
                        [ ! -e "$what/cgroup.freeze" ] || echo 0 >"$what/cgroup.freeze"
                        while read -r pid; do
                                kill -KILL "$pid"
                                wait_for_end "$pid"
                        done <"$what/cgroup.procs"
                        rmdir "$what"
                        ;;
                state) rm -rf "$what" ;;
                network) ip link delete "${what#device }" ;;
                esac
        done
}

assert_no_debris() {
        local debris

        debris=$(list_debris)
        [ -n "$debris" ] || return 0
        remove_debris <<<"$debris" || :
        fail "left behind:" "$debris"
}

# ---- features

needs() {
        local feature

        for feature; do
                feature_is_known=yes
                has "$feature" && continue
                [ $feature_is_known = yes ] || fail "needs: there is no feature $feature" || return
                skip "needs $feature"
        done
}

has() {
        local name=${1#*:}

        case $1 in
        root) [ "$(id -u)" -eq 0 ] ;;
        cap:*) has_capability "cap_$name" ;;
        cgroup1:*) awk '{ sub(/.* - /, "") } $1 == "cgroup" { print $3 }' /proc/self/mountinfo | grep -qw "$name" ;;
        cgroup:*) has "cgroup1:$name" || has "cgroup2:$name" ;;
        cgroup2) [ -n "$(cgroup2_root)" ] ;;
        cgroup2:*) has cgroup2 && grep -qw "$name" "$(cgroup2_root)/cgroup.controllers" ;;
        systemd) [ -d /run/systemd/system ] ;;
        systemd-cgroup) has systemd && [ -x "$(grep -aom 1 '/[[:print:]]*/ocirun-systemd' "$OCIRUN")" ] ;;
        systemd-user) has root && has systemd-cgroup && [ -e /usr/lib/systemd/user/dbus.socket ] && id games >/dev/null 2>&1 ;;
        userns) unshare --user true 2>/dev/null ;;
        rootless-user) command -v newuidmap >/dev/null && has root && has userns ;;
        fuse) has cap:sys_admin && { : <>/dev/fuse; } 2>/dev/null ;;
        psi) [ -e /proc/pressure/memory ] ;;
        netdev:*) unshare --net ip link add test0 type "$name" 2>/dev/null ;;
        linux:*) printf '%s\n%s\n' "$name" "$(uname -r)" | sort --version-sort --check=quiet ;;
        apparmor) [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ;;
        selinux) [ -e /sys/fs/selinux/enforce ] ;;
        debian-root) [ -d "$OCIRUN_TEST_ROOTS/debian" ] ;;
        command:*) command -v "$name" >/dev/null ;;
        audit) "$BATS_TEST_DIRNAME/audit-records" 2>/dev/null && grep -qw errno /proc/sys/kernel/seccomp/actions_logged ;;
        machine:*) [ "$(uname -m)" = "$name" ] ;;
        hardened) ! grep -q __asan_init "$OCIRUN" ;;
        gcc-build) ! readelf --string-dump=.comment "$OCIRUN" | grep -q clang ;;
        static) ! readelf --program-headers "$OCIRUN" | grep -q INTERP ;;
        fault-injection) grep -q OCIRUN_FAULT "$OCIRUN" ;;
        *)
                feature_is_known=no
                return 1
                ;;
        esac
}

# Where cgroup2 is mounted.
cgroup2_root() {
        findmnt --noheadings --first-only --types cgroup2 --output TARGET || :
}

# setpriv lists the capabilities in the order of their numbers.
has_capability() {
        local number mask

        number=$(setpriv --list-caps | grep -nx "${1#cap_}" | cut -d: -f1)
        mask=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
        [ -n "$number" ] && (((0x$mask >> (number - 1)) & 1))
}
