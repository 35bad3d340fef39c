#!/usr/bin/env bats
# Each of the specification's mount options, by what it does: config.md, "Runtimes MUST/SHOULD/MAY implement
# the following option strings for Linux".

load helpers
load mounts

# Mount something on /m/N for each line of the standard input, with the options of its first column, and hold
# what mountinfo says against the other columns: the mount's options, and those of the file system that are flags.
assert_options() { # TYPE SOURCE OPTIONS
        local -a rows
        local n words options super expected

        mapfile -t rows
        config --arg type "$1" --arg source "$2" --arg options "$3" --arg lines "$(printf '%s\n' "${rows[@]}")" '
                .mounts += [$lines / "\n" | to_entries[] | {
                        destination: "/m/\(.key)", $type, $source,
                        options: ($options / "," + (.value | split(" ")[0] / ","))
                }]'
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        for n in "${!rows[@]}"; do
                read -r words options super <<<"${rows[n]}"
                expected="$words: $options $super"
                assert_equal "$words: $(mount_on "/m/$n" options) $(mount_on "/m/$n" super | flags_of_super)" \
                        "$expected"
        done
        # a heredoc that was not read would compare nothing
        [ ${#rows[@]} -gt 10 ]
}

flags_of_super() {
        tr , '\n' | grep -Ex 'ro|rw|sync|dirsync|lazytime|mand' | paste -sd,
}

@test "every option that features lists is tested here or in one of the files about mounts" {
        run ocirun features
        assert_status 0
        mapfile -t names < <(jq -r '.mountOptions[]' <<<"$output")
        # the specification's table has 61
        [ ${#names[@]} -ge 61 ]
        for name in "${names[@]}"; do
                grep -qw -- "$name" "$BATS_TEST_DIRNAME"/{mount-options,mounts,propagation,tmpcopyup}.bats ||
                        fail "$name"
        done
}

@test "a new file system: what mountinfo shows of each option" {
        bundle web
        assert_options tmpfs tmpfs size=4k <<'END'
async           rw,relatime                     rw
atime           rw,relatime                     rw
defaults        rw,relatime                     rw
dev             rw,relatime                     rw
diratime        rw,relatime                     rw
dirsync         rw,relatime                     rw,dirsync
exec            rw,relatime                     rw
iversion        rw,relatime                     rw
lazytime        rw,relatime                     rw,lazytime
loud            rw,relatime                     rw
mand            rw,relatime                     rw,mand
noatime         rw,noatime                      rw
nodev           rw,nodev,relatime               rw
nodiratime      rw,nodiratime,relatime          rw
noexec          rw,noexec,relatime              rw
noiversion      rw,relatime                     rw
nolazytime      rw,relatime                     rw
nomand          rw,relatime                     rw
norelatime      rw,relatime                     rw
nostrictatime   rw,relatime                     rw
nosuid          rw,nosuid,relatime              rw
nosymfollow     rw,relatime,nosymfollow         rw
ratime          rw,relatime                     rw
rdev            rw,relatime                     rw
rdiratime       rw,relatime                     rw
relatime        rw,relatime                     rw
rexec           rw,relatime                     rw
rnoatime        rw,noatime                      rw
rnodev          rw,nodev,relatime               rw
rnodiratime     rw,nodiratime,relatime          rw
rnoexec         rw,noexec,relatime              rw
rnorelatime     rw,relatime                     rw
rnostrictatime  rw,relatime                     rw
rnosuid         rw,nosuid,relatime              rw
rnosymfollow    rw,relatime,nosymfollow         rw
ro              ro,relatime                     ro
rrelatime       rw,relatime                     rw
rro             ro,relatime                     rw
rrw             rw,relatime                     rw
rstrictatime    rw                              rw
rsuid           rw,relatime                     rw
rsymfollow      rw,relatime                     rw
rw              rw,relatime                     rw
silent          rw,relatime                     rw
strictatime     rw                              rw
suid            rw,relatime                     rw
symfollow       rw,relatime                     rw
sync            rw,relatime                     rw,sync
END
}

# What the pairs and triples mean when they are listed together: the later word counts.
in_both_orders() {
        sed 's/FLAGS/'"$1"'/' <<'END'
ro,rw                           rw,relatime             FLAGS
noatime,atime                   rw,relatime             FLAGS
atime,noatime                   rw,noatime              FLAGS
noatime,norelatime              rw,noatime              FLAGS
noatime,nostrictatime           rw,noatime              FLAGS
noatime,relatime                rw,relatime             FLAGS
noatime,strictatime             rw                      FLAGS
strictatime,atime               rw                      FLAGS
strictatime,noatime             rw,noatime              FLAGS
strictatime,norelatime          rw                      FLAGS
strictatime,nostrictatime       rw,relatime             FLAGS
strictatime,relatime            rw,relatime             FLAGS
relatime,strictatime            rw                      FLAGS
nodiratime,diratime             rw,relatime             FLAGS
diratime,nodiratime             rw,nodiratime,relatime  FLAGS
nosuid,suid                     rw,relatime             FLAGS
suid,nosuid                     rw,nosuid,relatime      FLAGS
nodev,dev                       rw,relatime             FLAGS
dev,nodev                       rw,nodev,relatime       FLAGS
noexec,exec                     rw,relatime             FLAGS
exec,noexec                     rw,noexec,relatime      FLAGS
nosymfollow,symfollow           rw,relatime             FLAGS
symfollow,nosymfollow           rw,relatime,nosymfollow FLAGS
rro,rrw                         rw,relatime             FLAGS
rrw,rro                         ro,relatime             FLAGS
rro,rw                          rw,relatime             FLAGS
rw,rro                          ro,relatime             FLAGS
ro,rrw                          rw,relatime             FLAGS
rnoatime,ratime                 rw,relatime             FLAGS
rnoatime,rrelatime              rw,relatime             FLAGS
rstrictatime,ratime             rw                      FLAGS
rstrictatime,rnostrictatime     rw,relatime             FLAGS
rnoatime,rnorelatime            rw,noatime              FLAGS
rnoatime,relatime               rw,relatime             FLAGS
noatime,rstrictatime            rw                      FLAGS
strictatime,ratime              rw                      FLAGS
rnodiratime,rdiratime           rw,relatime             FLAGS
rnosuid,rsuid                   rw,relatime             FLAGS
rsuid,rnosuid                   rw,nosuid,relatime      FLAGS
rnodev,rdev                     rw,relatime             FLAGS
rdev,rnodev                     rw,nodev,relatime       FLAGS
rnoexec,rexec                   rw,relatime             FLAGS
rexec,rnoexec                   rw,noexec,relatime      FLAGS
rnosymfollow,rsymfollow         rw,relatime             FLAGS
rsymfollow,rnosymfollow         rw,relatime,nosymfollow FLAGS
nosuid,nodev,noexec,defaults    rw,nosuid,nodev,noexec,relatime FLAGS
END
}

@test "a new file system: the later of two options counts" {
        bundle web
        assert_options tmpfs tmpfs size=4k < <(
                in_both_orders rw
                cat <<'END'
rw,ro                   ro,relatime     ro
rrw,ro                  ro,relatime     ro
sync,async              rw,relatime     rw
async,sync              rw,relatime     rw,sync
lazytime,nolazytime     rw,relatime     rw
nolazytime,lazytime     rw,relatime     rw,lazytime
mand,nomand             rw,relatime     rw
nomand,mand             rw,relatime     rw,mand
iversion,noiversion     rw,relatime     rw
loud,silent             rw,relatime     rw
sync,dirsync,lazytime   rw,relatime     rw,sync,dirsync,lazytime
END
        )
}

@test "a bind mount: what mountinfo shows of each option, and the file system stays as it is" {
        bundle web
        mkdir source
        # the options of mount(8) that are the file system's go with no bind mount (mount(2), MS_BIND)
        assert_options none source bind < <(
                in_both_orders rw
                printf '%s rw,relatime rw\n' async atime bind defaults dev diratime dirsync exec iversion lazytime \
                        loud mand noiversion nolazytime nomand norelatime nostrictatime ratime rbind rdev rdiratime \
                        relatime rexec rnorelatime rnostrictatime rrelatime rrw rsuid rsymfollow rw silent suid \
                        symfollow sync
                cat <<'END'
noatime         rw,noatime                      rw
nodev           rw,nodev,relatime               rw
nodiratime      rw,nodiratime,relatime          rw
noexec          rw,noexec,relatime              rw
nosuid          rw,nosuid,relatime              rw
nosymfollow     rw,relatime,nosymfollow         rw
ro              ro,relatime                     rw
rro             ro,relatime                     rw
rw,ro           ro,relatime                     rw
strictatime     rw                              rw
END
        )
}

# The source's mount has every option that can be cleared.
clear_options() {
        mkdir source
        mount --bind source source
        mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime source
        mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow source ||
                true # mount(8) before 2.38
        ocirun run "$ID"
}

@test "a bind mount keeps its source's options, but for those that are cleared" {
        bundle web
        config '.process.args = ["cat", "/proc/self/mountinfo"] |
                .mounts += [["none", "rw", "suid", "dev", "exec", "atime", "diratime", "symfollow", "relatime",
                        "strictatime", "nosuid", "nostrictatime", "rrw", "rsuid", "rdev", "rexec", "ratime",
                        "rdiratime", "rsymfollow", "rrelatime", "rstrictatime", "defaults"
                ][] | {
                        destination: "/m/\(.)", source: "source", options: ["bind", select(. != "none")]
                }]'
        privately clear_options
        assert_status 0
        all=ro,nosuid,nodev,noexec,noatime,nodiratime
        kept=$(mount_on /m/none options)
        [ "$kept" = $all ] || all=$all,nosymfollow
        assert_equal "$kept" $all
        assert_equal "$(mount_on /m/defaults options)" $all
        assert_equal "$(mount_on /m/nosuid options)" $all
        for r in "" r; do
                assert_equal "$(mount_on "/m/${r}rw" options)" "${all/ro/rw}"
                assert_equal "$(mount_on "/m/${r}suid" options)" "${all/nosuid,/}"
                assert_equal "$(mount_on "/m/${r}dev" options)" "${all/nodev,/}"
                assert_equal "$(mount_on "/m/${r}exec" options)" "${all/noexec,/}"
                assert_equal "$(mount_on "/m/${r}diratime" options)" "${all/,nodiratime/}"
                assert_equal "$(mount_on "/m/${r}symfollow" options)" "${all/,nosymfollow/}"
                assert_equal "$(mount_on "/m/${r}strictatime" options)" "${all/noatime,/}"
                for atime in atime relatime; do
                        # mountinfo has relatime behind nodiratime
                        assert_equal "$(mount_on "/m/$r$atime" options)" \
                                "$(sed 's/noatime,//; s/nodiratime/&,relatime/' <<<"$all")"
                done
        done
}

run_with_submount() {
        mkdir -p source/sub
        mount -t tmpfs -o size=4k,strictatime tmpfs source
        mkdir source/sub
        mount -t tmpfs -o size=4k,strictatime tmpfs source/sub
        ocirun run "$ID"
}

@test "recursive options reach the mounts below, the others do not" {
        bundle web
        # config.md: "These AT_RECURSIVE options need kernel 5.12 or later. See mount_setattr(2)"
        options=(ro rro "rro,rw" "ro,rrw" nosuid rnosuid "rnosuid,suid" nodev rnodev noexec rnoexec noatime
                rnoatime "rnoatime,strictatime" relatime rrelatime nodiratime rnodiratime nosymfollow rnosymfollow
                "rro,rnosuid,rnodev,rnoexec,rnoatime" rstrictatime "rnoatime,ratime")
        tops=(ro ro rw rw "rw,nosuid" "rw,nosuid" rw "rw,nodev" "rw,nodev" "rw,noexec" "rw,noexec" "rw,noatime"
                "rw,noatime" rw "rw,relatime" "rw,relatime" "rw,nodiratime" "rw,nodiratime" "rw,nosymfollow"
                "rw,nosymfollow" "ro,nosuid,nodev,noexec,noatime" rw "rw,relatime")
        subs=(rw ro ro rw rw "rw,nosuid" "rw,nosuid" rw "rw,nodev" rw "rw,noexec" rw "rw,noatime" "rw,noatime" rw
                "rw,relatime" rw "rw,nodiratime" rw "rw,nosymfollow" "ro,nosuid,nodev,noexec,noatime" rw
                "rw,relatime")
        for words in "${options[@]}"; do
                add_mount "/m/$words" none source "rbind,$words"
        done
        add_mount /m/bind none source bind,rro
        config '.process.args = ["cat", "/proc/self/mountinfo"]'
        privately run_with_submount
        assert_status 0
        for n in "${!options[@]}"; do
                words=${options[n]}
                assert_equal "$words: $(mount_on "/m/$words" options)" "$words: ${tops[n]}"
                assert_equal "$words, below: $(mount_on "/m/$words/sub" options)" "$words, below: ${subs[n]}"
        done
        # "bind: Bind mount", "rbind: Recursive bind mount"
        assert_equal "$(mount_on /m/bind options)" ro
        refute_output_contains " /m/bind/sub "
}

@test "what the options forbid does not work" {
        bundle web
        mkdir source
        cp rootfs/bin/busybox source/true
        ln -s true source/link
        mknod source/null c 1 3
        bind source /plain
        bind source /nosymfollow nosymfollow
        bind source /noexec noexec
        bind source /nodev nodev
        bind source /ro ro
        # the cgroup allows it, so that only the mount can forbid it
        config '.linux.resources.devices = [{ allow: true, access: "rwm" }]'
        run_container '
                for m in plain nosymfollow noexec nodev ro; do
                        echo "$m: $( (/$m/true && echo runs; cat /$m/link >/dev/null && echo follows
                                true </$m/null && echo opens; true >>/$m/true && echo writes) 2>&1 | tr "\n" " ")"
                done'
        assert_status 0
        assert_output_contains "plain: runs follows opens writes"
        assert_output_matches 'nosymfollow: runs cat:[^:]*: Too many levels of symbolic links opens writes'
        assert_output_matches 'noexec: sh: /noexec/true: Permission denied follows opens writes'
        assert_output_matches "nodev: runs follows sh: can't open /nodev/null: Permission denied writes"
        assert_output_matches "ro: runs follows opens sh: can't create /ro/true: Read-only file system"
}

@test "a set-user-ID program on a nosuid mount gives no privileges" {
        bundle web
        mkdir source
        cp "$OCIRUN_HELLO" source/hello
        chmod 4755 source/hello
        bind source /suid
        bind source /nosuid nosuid
        config '.process.user = { uid: 1000, gid: 1000 } | .process.noNewPrivileges = false |
                .process.capabilities |= { bounding }'
        run_container 'for m in suid nosuid; do /$m/hello | grep "^capabilities"; done'
        assert_status 0
        assert_output_matches '^capabilities +kill net_bind_service audit_write
capabilities +none$'
}

@test "access times are written as the options say" {
        bundle web
        mkdir source
        for words in noatime strictatime relatime nodiratime,strictatime; do
                bind source "/m/$words" "$words"
        done
        echo x >source/file
        # relatime: "The previous access time is only updated if it was earlier than or equal to the current modify
        # or change time" (mount(8)), so it is left when it lies ahead
        run_container 'for m in /m/*; do
                touch -a -d "@$(($(date +%s) + 3600))" $m $m/file
                before=$(stat -c %X $m/file) && cat $m/file >/dev/null; ls $m >/dev/null
                [ $(stat -c %X $m/file) = $before ] && echo -n "kept " || echo -n "written "
                [ $(stat -c %X $m) = $before ] && echo kept $m || echo written $m
        done'
        assert_status 0
        assert_equal "$(sort -k3 <<<"$output")" "kept kept /m/noatime
written kept /m/nodiratime,strictatime
kept kept /m/relatime
written written /m/strictatime"
}

@test "an option that the file system does not know is an error, in the kernel's words" {
        bundle web
        # "Runtimes SHOULD treat unknown options as filesystem-specific ones"
        refused '{ "destination": "/m", "type": "tmpfs", "options": ["nosuid", "colour=red"] }' \
                ".options: mount tmpfs on /m: tmpfs: Unknown parameter 'colour': invalid argument (EINVAL)"
        refused '{ "destination": "/m", "type": "tmpfs", "options": ["size=much"] }' \
                ".options: mount tmpfs on /m: tmpfs: Bad value for 'size': invalid argument (EINVAL)"
        refused '{ "destination": "/m", "type": "proc", "options": ["hidepid=maybe"] }' \
                ".options: mount proc on /m:"
        refused '{ "destination": "/m", "type": "sysfs", "options": ["colour"] }' \
                ".options: mount sysfs on /m:"
        refused '{ "destination": "/m", "type": "tmpfs", "options": ["RO"] }' \
                ".options: mount tmpfs on /m: tmpfs: Unknown parameter 'RO'"
        refused '{ "destination": "/m", "source": ".", "options": ["bind", "size=4k"] }' \
                ".options: \"size=4k\" is not an option of a bind mount"
}

@test "options that are the file system's own reach it, also several in one string" {
        bundle web
        # mount(2) takes a string with commas, and engines pass what their users wrote
        add_mount /m tmpfs tmpfs size=64k,nr_inodes=100,mode=1750,uid=7,gid=8
        config '.mounts += [{ destination: "/n", type: "tmpfs", source: "x", options: ["ro,nosuid,size=64k"] },
                { destination: "/pid", type: "proc", source: "proc", options: ["subset=pid", "hidepid=invisible"] }]'
        run_container 'stat -c "%a %u %g" /m; cat /proc/self/mountinfo; ls -d /pid/*'
        assert_status 0
        assert_equal "${lines[0]}" "1750 7 8"
        assert_equal "$(mount_on /m super)" rw,size=64k,nr_inodes=100,mode=1750,uid=7,gid=8
        assert_equal "$(mount_on /n options)" ro,nosuid,relatime
        assert_output_matches 'rw,hidepid=invisible,subset=pid'
        refute_output_contains /pid/sys
}

@test "relabelling, which engines pass on, is no runtime's task" {
        bundle web
        mkdir source
        bind source /m z,Z
        run_container 'cat /proc/self/mountinfo'
        assert_status 0
        assert_equal "$(mount_on /m options)" rw,relatime
}
