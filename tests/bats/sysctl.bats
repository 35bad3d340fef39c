#!/usr/bin/env bats
# linux.sysctl: "kernel parameters to be modified at runtime for the container" (config-linux.md, Sysctl).

load helpers

# sysctl KEY VALUE
set_sysctl() {
        config --arg key "$1" --arg value "$2" '.linux.sysctl = { ($key): $value }'
}

assert_refused() { # EXPECTED [HINT]
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.sysctl.$1"
        assert_output_contains "${2:-}"
        assert_no_debris
}

@test "parameters of each namespace are those of the container, and not of the host" {
        bundle web
        config '.linux.sysctl = {
                "net.ipv4.ip_forward": "1", "net.ipv4.ip_unprivileged_port_start": "80", "net.core.somaxconn": "256",
                "kernel.msgmax": "4096", "kernel.shm_rmid_forced": "1", "kernel.sem": "100 200 30 40",
                "fs.mqueue.msg_max": "7", "kernel.domainname": "example.org" }'
        before=$(cd /proc/sys && cat net/core/somaxconn kernel/msgmax kernel/shm_rmid_forced kernel/sem fs/mqueue/msg_max)
        run_container 'cd /proc/sys && cat net/ipv4/ip_forward net/ipv4/ip_unprivileged_port_start net/core/somaxconn \
                kernel/msgmax kernel/shm_rmid_forced kernel/sem fs/mqueue/msg_max kernel/domainname | tr "\t" " "'
        assert_status 0
        assert_output "$(printf '%s\n' 1 80 256 4096 1 "100 200 30 40" 7 example.org)"
        assert_equal "$(cd /proc/sys && cat net/core/somaxconn kernel/msgmax kernel/shm_rmid_forced kernel/sem \
                fs/mqueue/msg_max)" "$before"
}

@test "they are set although /proc/sys is read-only for the container, and masked" {
        bundle web
        set_sysctl net.ipv4.ip_forward 1
        run_container 'cat /proc/sys/net/ipv4/ip_forward; (echo 0 >/proc/sys/net/ipv4/ip_forward) 2>&1'
        assert_equal "${lines[0]}" 1
        assert_output_contains "Read-only file system"
        config '.linux.maskedPaths += ["/proc/sys/net"]'
        run_container 'ls /proc/sys/net; grep -c . /proc/net/dev'
        assert_status 0
}

@test "a slash in a key stands for a dot in a name, or separates all of it" {
        # sysctl(8): "a separator that is not the first one [...] net.ipv4.conf.enp3s0/200.forwarding"
        bundle web
        for key in net.ipv4.conf.lo.forwarding net/ipv4/conf/lo/forwarding; do
                set_sysctl "$key" 1
                run_container 'cat /proc/sys/net/ipv4/conf/lo/forwarding'
                assert_output 1
        done
        set_sysctl net.ipv4.conf.eth0/7.forwarding 1
        assert_refused 'net.ipv4.conf.eth0/7.forwarding: write "1" to /proc/sys/net/ipv4/conf/eth0.7/forwarding: no such file'
}

@test "what belongs to the host is refused" {
        bundle web
        for key in kernel.panic vm.swappiness fs.file-max kernel.core_pattern kernel.shm_next kernel.msgmaxx debug.x; do
                set_sysctl "$key" 1
                assert_refused "$key: is not in a separate kernel namespace: it would change the host" \
                        "hint: set it on the host: sysctl -w $key=..."
        done
}

@test "the host's parameters are not reached by another way" {
        bundle web
        for key in net/../vm/swappiness net.ipv4/../../vm.swappiness ../../../etc/passwd net//ipv4 net. net/ "" / .; do
                set_sysctl "$key" 1
                run_detached ocirun create "$ID"
                assert_status 1
                assert_output_contains "config.json: linux.sysctl.$key"
                assert_no_debris
        done
        # a link in the image, or a mount over a part of /proc, leads nowhere
        mkdir trap
        mkdir -p trap/ipv4
        echo untouched >trap/ipv4/ip_forward
        config --arg source "$PWD/trap" '.linux.sysctl = { "net.ipv4.ip_forward": "1" } |
                .mounts += [{ destination: "/proc/sys/net", type: "none", $source, options: ["bind"] }]'
        run_detached ocirun create "$ID"
        assert_equal "$(<trap/ipv4/ip_forward)" untouched
}

@test "a namespace of the host keeps its parameters" {
        bundle web
        cp config.json plain
        while read -r namespace key; do
                cp plain config.json
                config --arg type "$namespace" '.linux.namespaces |= map(select(.type != $type)) |
                        if $type == "uts" then del(.hostname) else . end'
                set_sysctl "$key" 1
                assert_refused "$key: would change the host: the container has no $namespace namespace of its own" \
                        "hint: add {\"type\": \"$namespace\"} to linux.namespaces"
        done <<'END'
network net.ipv4.ip_forward
ipc kernel.shmmni
ipc fs.mqueue.msg_max
uts kernel.domainname
user user.max_user_namespaces
END
}

@test "the host's own namespace by its path keeps them, too" {
        needs root
        bundle web
        config '(.linux.namespaces[] | select(.type == "ipc")) += { path: "/proc/self/ns/ipc" }'
        # the value that it has, so that a failing test changes nothing
        set_sysctl kernel.shmmni "$(</proc/sys/kernel/shmmni)"
        assert_refused "kernel.shmmni: would change the host: the ipc namespace to join is the runtime's own"
        # another container's is not the host's
        config 'del(.linux.sysctl)'
        run_detached ocirun create "$ID-1"
        assert_status 0
        ocirun delete --force "$ID-1"
        config '(.linux.namespaces[] | select(.type == "ipc")) |= { type: "ipc" }'
        run_detached ocirun create "$ID-1"
        assert_status 0
        config --arg path "/proc/$(container_pid "$ID-1")/ns/ipc" '.linux.sysctl = { "kernel.shmmni": "77" } |
                (.linux.namespaces[] | select(.type == "ipc")) += { $path }'
        config '.process.args = ["cat", "/proc/sys/kernel/shmmni"]'
        run ocirun run --bundle "$BUNDLE" "$ID"
        assert_output 77
}

@test "kernel.hostname conflicts with the property hostname" {
        bundle web
        set_sysctl kernel.hostname x
        assert_refused "kernel.hostname: is not allowed here" "hint: set hostname at the top of config.json"
}

@test "what the kernel does not have or not take is named, and leaves nothing" {
        bundle web
        set_sysctl net.ipv4.nonesuch 1
        assert_refused 'net.ipv4.nonesuch: write "1" to /proc/sys/net/ipv4/nonesuch: no such file or directory (ENOENT)' \
                "hint: the kernel has no such parameter"
        set_sysctl kernel.shm_rmid_forced 7
        assert_refused 'kernel.shm_rmid_forced: write "7" to /proc/sys/kernel/shm_rmid_forced: invalid argument (EINVAL)'
        set_sysctl net.ipv4.ip_forward $'1\n2'
        assert_refused "net.ipv4.ip_forward: must be a single line"
}
