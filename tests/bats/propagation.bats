#!/usr/bin/env bats
# Mount propagation: the options shared, slave, private, unbindable and their recursive forms, and
# linux.rootfsPropagation.

load helpers
load mounts

# The container is created where the host's mounts are this test's own: source, with one below it, is shared.
# Then something is mounted on the host, below source, and the mounts of the container are the output.
mount_on_host_later() {
        mkdir source
        mount -t tmpfs tmpfs source
        mount --make-shared source
        mkdir source/{sub,later}
        mount -t tmpfs tmpfs source/sub
        mkdir source/sub/later
        ocirun create "$ID"
        mount -t tmpfs later source/later
        mount -t tmpfs later source/sub/later
        cat "/proc/$(container_pid)/mountinfo"
        ocirun delete --force "$ID"
}

# The same for what the container mounts, and the mounts of the host.
mount_in_container() {
        mkdir source
        mount -t tmpfs tmpfs source
        mount --make-shared source
        mkdir source/{sub,later}
        mount -t tmpfs tmpfs source/sub
        mkdir source/sub/later
        ocirun run "$ID"
        cat /proc/self/mountinfo
}

@test "bind mounts: what the host mounts later appears in those that are shared or slaves" {
        bundle web
        for words in "" shared slave private unbindable rshared rslave rprivate runbindable rshared,slave; do
                bind source "/m/${words:-none}" "${words:+$words,}rbind"
        done
        privately mount_on_host_later
        assert_status 0
        # word: whether there is a mount on later and on sub/later, and what mountinfo says
        # A submount keeps what it was, and what is said is said of the top alone.
        for row in "none master:N later master:N later" "shared shared:N later shared:N later" \
                "slave master:N later master:N later" "private - - master:N later" \
                "unbindable unbindable - master:N later" \
                "rshared shared:N later shared:N later" "rslave master:N later master:N later" "rprivate - - - -" \
                "runbindable unbindable - unbindable -" "rshared,slave master:N later master:N later"; do
                read -r words top late sub sub_late <<<"$row"
                for path in "/m/$words $top $late" "/m/$words/sub $sub $sub_late"; do
                        read -r path propagation late <<<"$path"
                        assert_equal "$path: $(mount_on "$path" propagation | sed 's/[0-9][0-9]*/N/g')" \
                                "$path: ${propagation#-}"
                        assert_equal "$path: $(mount_on "$path/later" source)" "$path: ${late#-}"
                done
        done
}

# The container mounts something on each bind mount; then the host's mounts are the output.
mount_in_container() {
        mkdir source
        mount -t tmpfs tmpfs source
        mount --make-shared source
        mkdir source/{sub,later}
        mount -t tmpfs tmpfs source/sub
        mkdir source/sub/later
        ocirun run "$ID"
        cat /proc/self/mountinfo
}

@test "bind mounts: what the container mounts appears on the host through shared ones alone" {
        bundle web
        config '.process.capabilities[] |= . + ["CAP_SYS_ADMIN"]'
        for words in "" shared slave private unbindable rshared rslave rprivate runbindable; do
                bind source "/m/${words:-none}" "${words:+$words,}rbind"
        done
        config --arg script 'for m in /m/*; do
                mount -t tmpfs "from-${m##*/}" "$m/later" && mount -t tmpfs "sub-from-${m##*/}" "$m/sub/later" || exit
        done' '.process.args = ["sh", "-c", $script]'
        privately mount_in_container
        assert_status 0
        # a mount below one that becomes shared stays what it was, which is shared here
        assert_equal "$(grep -o '[a-z-]*from-[a-z]*' <<<"$output" | sort | paste -sd' ')" \
                "from-rshared from-shared sub-from-rshared sub-from-shared"
}

# The root file system is a shared mount of the host, and something is mounted in it once the container is there.
create_on_shared_root() {
        mount --bind rootfs rootfs
        mount --make-shared rootfs
        mkdir -p rootfs/mnt
        ocirun create "$ID"
        mount -t tmpfs later rootfs/mnt
        cat "/proc/$(container_pid)/mountinfo"
        ocirun delete --force "$ID"
}

@test "rootfsPropagation: whether the root receives what the host mounts in it" {
        bundle web
        # "shared: the rootfs mount belongs to a new peer group. ... this does not mean that it's shared with the host."
        # "slave: the rootfs mount receives propagation events from the host"
        # "private: the rootfs mount doesn't receive mount propagation events from the host"
        # "unbindable: the rootfs mount is a private mount that cannot be bind-mounted."
        for row in ' |master:N|later' 'slave|master:N|later' 'rslave|master:N|later' 'private||' 'rprivate||' \
                'unbindable|unbindable|' 'runbindable|unbindable|'; do
                IFS='|' read -r word expected later <<<"$row"
                config --arg word "${word% }" '.linux.rootfsPropagation = $word'
                privately create_on_shared_root
                assert_status 0
                assert_equal "$word: $(mount_on / propagation | sed 's/[0-9][0-9]*/N/g')" "$word: $expected"
                assert_equal "$word: $(mount_on /mnt source)" "$word: $later"
        done
        for word in shared rshared; do
                config --arg word $word '.linux.rootfsPropagation = $word'
                privately create_on_shared_root
                assert_status 0
                assert_equal "$(mount_on / propagation | sed 's/[0-9][0-9]*/N/g')" "shared:N master:N"
                # "a new peer group": not the host's
                assert_equal "$(grep -c ' / / [^ ]* shared:' <<<"$output")" 0
        done
}

run_on_shared_root() {
        mount --bind rootfs rootfs
        mount --make-shared rootfs
        mkdir -p rootfs/mnt
        ocirun run "$ID"
        echo host:
        cat /proc/self/mountinfo
}

@test "rootfsPropagation: what a nested container mounts, and binding the root" {
        bundle web
        config '.process.capabilities[] |= . + ["CAP_SYS_ADMIN"]'
        config --arg script '
                unshare -m --propagation shared mount -t tmpfs nested /mnt
                mount --bind / /tmp && echo bound
                mount -t tmpfs direct /media
                cat /proc/self/mountinfo' '.process.args = ["sh", "-c", $script]'
        mkdir rootfs/media
        # shared: "further mounts (e.g. nested containers) will also belong to that peer group and will propagate
        # events to the rootfs"; private: "further mounts in nested containers will be isolated from the host and
        # from the rootfs (even if the nested container rootfsPropagation option is shared)"
        for row in "shared nested bound" "slave - bound" "private - bound" "unbindable - -" "rshared nested bound"; do
                read -r word nested bound <<<"$row"
                config --arg word "$word" '.linux.rootfsPropagation = $word'
                privately run_on_shared_root
                assert_status 0
                host=${output#*host:}
                output=${output%host:*}
                assert_equal "$word: $(mount_on /mnt source)" "$word: ${nested#-}"
                assert_equal "$word: $(grep -x bound <<<"$output")" "$word: ${bound#-}"
                assert_equal "$(mount_on /media source)" direct
                # "but not the other way around"
                for source in direct nested; do
                        [[ $host != *" $source "* ]] || fail "$word: $host"
                done
        done
}

@test "rootfsPropagation: another word is an error" {
        bundle web
        config '.linux.rootfsPropagation = "public"'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains \
                'config.json: linux.rootfsPropagation: must be shared, slave, private or unbindable, not "public"'
}

@test "new file systems in the container can have a propagation of their own" {
        bundle web
        for words in "" shared slave private unbindable rshared runbindable; do
                add_mount "/m/${words:-none}" tmpfs tmpfs "$words"
        done
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        for row in "none " "shared shared:N" "slave " "private " "unbindable unbindable" "rshared shared:N" \
                "runbindable unbindable"; do
                assert_equal "${row%% *} $(mount_on "/m/${row%% *}" propagation | sed 's/[0-9][0-9]*/N/')" "$row"
        done
}
