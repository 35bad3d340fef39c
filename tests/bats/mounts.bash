# What the files about mounts share:  load helpers; load mounts
# shellcheck shell=bash
#
#     add_mount DESTINATION TYPE SOURCE [OPTIONS]    to config.json; options joined by commas
#     bind SOURCE DESTINATION [OPTIONS]              a bind mount
#     refused MOUNT EXPECTED     create with this as the only mount of ours fails, with this error
#     mount_on PATH FIELD        of the mount on PATH in the mountinfo that is the output:
#                                id, root, options, propagation, type, source, super (its file system's options)
#     privately FUNCTION [ARGUMENT...]    as `run`, where the host's mounts are this test's own

add_mount() {
        config --arg destination "$1" --arg type "$2" --arg source "$3" --arg options "${4:-}" \
                '.mounts += [{ $destination, $type, $source, options: ($options / ",") }]'
}

bind() {
        add_mount "$2" none "$1" "bind${3:+,$3}"
}

refused() {
        config --argjson mount "$1" '.mounts[6] = $mount'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: mounts[6]$2"
        # teardown looks for all else that may be left, but first deletes what is here
        assert_equal "$(ls -A "$OCIRUN_ROOT")" ""
}

# proc(5): 36 35 98:0 /root /mount/point options optional-fields... - type source super-options
mount_on() {
        # shellcheck disable=SC2154 # set by run
        awk -v point="$1" -v field="$2" '
                $5 == point {
                        split("", found)
                        found["id"] = $1; found["root"] = $4; found["options"] = $6
                        for (i = 7; $i != "-"; i++)
                                found["propagation"] = found["propagation"] (i > 7 ? " " : "") $i
                        found["type"] = $(i + 1); found["source"] = $(i + 2); found["super"] = $(i + 3)
                }
                END { print found[field] }' <<<"$output"
}

# The function may mount what it likes: nothing of it is left when it returns.
privately() {
        # shellcheck disable=SC2046 # names of functions
        export -f $(declare -F | awk '{ print $3 }')
        export OCIRUN_ROOT OCIRUN_TEST_ROOTS ID BUNDLE
        run unshare --mount --propagation private bash -euc '"$@"' bash "$@"
}
