#!/usr/bin/env bats
# uidMappings and gidMappings of mounts: config.md, POSIX-platform Mounts.  tests/bats/mounts.bats has the options.

load helpers
load mounts

@test "mappings without idmap or ridmap are applied, to the mount alone" {
        bundle web
        # "uidMappings (array of type LinuxIDMapping, OPTIONAL) The mapping to convert UIDs from the source file system to
        # the destination mount point."; that the options "SHOULD contain either idmap or ridmap" is for older runtimes
        mkdir source
        touch source/file
        chown 3:4 source/file
        config '.mounts += [{ destination: "/m", source: "source", options: ["bind"],
                uidMappings: [{ containerID: 3, hostID: 5003, size: 1 }],
                gidMappings: [{ containerID: 4, hostID: 6004, size: 1 }] },
                { destination: "/plain", source: "source", options: ["bind"], uidMappings: [], gidMappings: [] }]'
        run_container 'stat -c %u:%g /m/file /plain/file'
        assert_status 0
        assert_output $'5003:6004\n3:4'
}

@test "of mappings of a mount both are needed, and each with all its numbers" {
        local property

        bundle web
        # "If specified, it MUST be specified along with gidMappings [uidMappings]."
        for property in uidMappings gidMappings; do
                refused "{ \"destination\": \"/m\", \"source\": \".\", \"options\": [\"bind\"],
                        \"$property\": [{ \"containerID\": 0, \"hostID\": 1, \"size\": 1 }] }" \
                        ": uidMappings and gidMappings must be given together"
                # config-linux.md, User namespace mappings: "containerID (uint32, REQUIRED)", and so on
                for number in containerID hostID size; do
                        mount=$(jq -cn --arg property "$property" --arg number "$number" '
                                [{ containerID: 0, hostID: 1, size: 1 }] as $both |
                                { destination: "/m", source: ".", options: ["bind"], uidMappings: $both,
                                  gidMappings: $both } | del(.[$property][0][$number])')
                        refused "$mount" ".${property}[0].$number: is required, and missing"
                done
        done
}

@test "the words idmap and ridmap do not reach the file system" {
        local word

        bundle web
        # "This option SHOULD NOT be passed to the underlying mount(2) call."  A tmpfs refuses a word that it does not know.
        for word in idmap ridmap; do
                config --arg word "$word" '.mounts[6] = { destination: "/m", type: "tmpfs", source: "tmpfs",
                        options: ["size=64k", $word], uidMappings: [{ containerID: 0, hostID: 5000, size: 1 }],
                        gidMappings: [{ containerID: 0, hostID: 6000, size: 1 }] }'
                run_container 'stat -c %u:%g /m; cat /proc/self/mountinfo'
                assert_status 0
                assert_equal "${lines[0]}" 5000:6000
                assert_equal "$(mount_on /m super)" rw,size=64k,mode=755
        done
}
