# What the files about cgroups share:  load helpers; load cgroups
# shellcheck shell=bash
#
#     resources JSON             set linux.resources; "devices" stays as it is in config.json
#     create                     the container, which must succeed
#     assert_refused EXPECTED          create fails with this in its error, and leaves nothing
#     cgroup_path CONTROLLER     of the container's process, as the host sees it; "" is cgroup2
#     cgroup_dir CONTROLLER      the same as a directory; of cgroup2 when no v1 hierarchy has the controller
#     cgroup_value CONTROLLER V2-FILE V1-FILE     what stands in the file of that hierarchy
#     in_cgroup2 FUNCTION [ARGUMENT...]           as `run`, with nothing but cgroup2 on /sys/fs/cgroup

resources() {
        config --argjson resources "$1" '.linux.resources |= { devices: .devices } + $resources'
}

create() {
        run_detached ocirun create "$@" "$ID"
        assert_status 0
}

assert_refused() {
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: $1"
        assert_no_debris
}

# proc(5), cgroups(7): NUMBER:CONTROLLER[,CONTROLLER]:/PATH
cgroup_path() {
        awk -F: -v controller="$1" '
                { n = split($2, names, ",") }
                n == 0 && controller == "" { print $3 }
                { for (i = 1; i <= n; i++) if (names[i] == controller) print $3 }' "/proc/$(container_pid)/cgroup"
}

cgroup_dir() {
        if has "cgroup1:$1"; then
                echo "/sys/fs/cgroup/$1$(cgroup_path "$1")"
        else
                echo "$(cgroup2_root)$(cgroup_path "")"
        fi
}

cgroup_value() {
        local file=$2

        has "cgroup1:$1" && file=$3
        cat "$(cgroup_dir "$1")/$file"
}

in_cgroup2() {
        # shellcheck disable=SC2046 # names of functions
        export -f $(declare -F | awk '{ print $3 }')
        export OCIRUN OCIRUN_ROOT ID BUNDLE BATS_TEST_TMPDIR BATS_RUN_TMPDIR
        run in_private_cgroup2 bash -euc '"$@"' bash "$@"
}
