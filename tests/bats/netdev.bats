#!/usr/bin/env bats
# linux.netDevices: config-linux.md of runtime-spec 1.3, Network Devices.
#
# Each test is in a network namespace of its own, which is the host's for it: the names of its devices meet
# no others.

load helpers

setup() {
        setup_test
        needs root netdev:veth command:ip
        bundle web
}

# in_network FUNCTION [ARGUMENT...]: as `run`, in a new network namespace with the veth device v0, whose other
# end is peer0
in_network() {
        # shellcheck disable=SC2046 # names of functions
        export -f $(declare -F | awk '{ print $3 }')
        export OCIRUN OCIRUN_ROOT ID BUNDLE BATS_TEST_TMPDIR
        run unshare --net bash -euc 'ip link add v0 type veth peer name peer0; "$@"' bash "$@"
}

devices() {
        config --argjson devices "$1" '.linux.netDevices = $devices'
}

# create, with the namespace's devices as the host's
create() {
        run_detached ocirun create "$ID"
        assert_status 0
}

# inside COMMAND...: in the container's network namespace
inside() {
        nsenter --net="/proc/$(container_pid)/ns/net" "$@"
}

# assert_refused EXPECTED: and v0 is where it was
assert_refused() {
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "config.json: linux.netDevices$1"
        ip link show v0 >/dev/null
}

refute_device() {
        if ip link show "$1" 2>/dev/null; then
                fail "the device $1 is still in this network namespace"
        fi
}

# property NAME DEVICE: address, ifindex
property() {
        ip -json link show "$2" | jq ".[0].$1"
}

# State and addresses of global scope: "up 192.0.2.1/24 2001:db8::1/64"
describe() {
        ip -json addr show "$1" | jq -r '.[0] | [
                (if .flags | index("UP") then "up" else "down" end),
                (.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)")] | join(" ")'
}

# ---- moving

moves() {
        ip addr add 192.0.2.1/24 dev v0
        ip addr add 198.51.100.7/32 dev v0
        ip addr add 2001:db8::1/64 dev v0 nodad
        ip addr add 169.254.7.7/16 dev v0 scope link
        ip link set peer0 up
        address=$(property address v0)
        devices '{ "v0": { "name": "eth0" } }'
        create
        assert_equal "$(inside bash -c "$(declare -f describe); describe eth0")" \
                "up 192.0.2.1/24 198.51.100.7/32 2001:db8::1/64"
        assert_equal "$(inside ip -json link show eth0 | jq '.[0].address')" "$address"
        [ -z "$(inside ip addr show to 169.254.7.7)" ]
        refute_device v0
        ip link show peer0 >/dev/null
        ocirun delete --force "$ID"
}

@test "a device moves with its permanent addresses of global scope, gets its name, and is up" {
        in_network moves
        assert_output ""
        assert_status 0
}

keeps_attributes() {
        ip link set v0 mtu 1400 txqueuelen 77 alias "uplink of web" address 02:00:00:00:00:07
        # "all permanent IP addresses (IFA_F_PERMANENT flag) of any family with global scope"
        ip addr add 192.0.2.1/24 brd 192.0.2.255 dev v0
        ip addr add 192.0.2.2/24 valid_lft 3000 preferred_lft 2000 dev v0
        ip addr add 2001:db8::1/64 dev v0 nodad
        ip addr add 2001:db8::2/64 valid_lft 3000 preferred_lft 2000 dev v0 nodad
        ip addr add 2001:db8::3/128 dev v0 nodad noprefixroute
        ip addr add 198.51.100.1 peer 198.51.100.2/32 dev v0
        devices '{ "v0": { "name": "eth0" } }'
        create
        assert_equal "$(inside ip -json link show eth0 | jq -c '.[0] | [.mtu, .txqlen, .ifalias, .address]')" \
                '[1400,77,"uplink of web","02:00:00:00:00:07"]'
        assert_equal "$(inside ip -json addr show eth0 | jq -r '.[0].addr_info[] | select(.scope == "global") |
                [.local, .address // "", .prefixlen, .broadcast // "", .noprefixroute // false | tostring] | join(" ")' | sort)" \
                "192.0.2.1  24 192.0.2.255 false
198.51.100.1 198.51.100.2 32  false
2001:db8::1  64  false
2001:db8::3  128  true"
        ocirun delete --force "$ID"
}

@test "a device keeps its attributes, and those addresses alone that are permanent" {
        # "The runtime MUST preserve existing network interface attributes", "only addresses intended for persistent,
        # external communication are transferred"
        in_network keeps_attributes
        assert_output ""
        assert_status 0
}

keeps_name() {
        devices '{ "v0": {} }'
        create
        assert_equal "$(inside cat /proc/net/dev | grep -c "v0:")" 1
        ocirun delete --force "$ID"
}

@test "without a name it keeps the one it has" {
        in_network keeps_name
        assert_status 0
}

numbers() {
        ip link add v1 type veth peer name peer1
        devices '{ "v0": { "name": "net%d" }, "v1": { "name": "net%d" } }'
        create
        assert_equal "$(inside ip -json link | jq -r '[.[].ifname] | sort | join(" ")')" "lo net0 net1"
        ocirun delete --force "$ID"
}

@test "a %d in the name is a number that the kernel chooses" {
        in_network numbers
        assert_status 0
}

swaps_names() {
        ip link add v1 type veth peer name peer1
        first=$(property address v0)
        devices '{ "v0": { "name": "v1" }, "v1": { "name": "v0" } }'
        create
        assert_equal "$(inside ip -json link show v1 | jq '.[0].address')" "$first"
        ocirun delete --force "$ID"
}

@test "two devices may swap their names" {
        in_network swaps_names
        assert_status 0
}

hooks_see_it() {
        config --arg file "$BATS_TEST_TMPDIR/seen" '.hooks = {
                createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", "cat /proc/net/dev >\"$0\"; echo >>\"$0\"", $file] }],
                createContainer: [{ path: "/bin/sh", args: ["sh", "-c", "cat /proc/net/dev >>\"$0\"", $file] }] }'
        devices '{ "v0": { "name": "eth0" } }'
        create
        # the first in the runtime's namespace, the second in the container's
        assert_equal "$(sed '/^$/q' "$BATS_TEST_TMPDIR/seen" | grep -c v0:)" 0
        assert_equal "$(sed '1,/^$/d' "$BATS_TEST_TMPDIR/seen" | grep -c eth0:)" 1
        ocirun delete --force "$ID"
}

@test "hooks find the device where it will be" {
        in_network hooks_see_it
        assert_status 0
}

in_user_namespace() {
        config '.linux.namespaces += [{ type: "user" }] |
                .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 1000 }] |
                .linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 1000 }]'
        chmod o+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
        ip addr add 192.0.2.1/24 dev v0
        devices '{ "v0": { "name": "eth0" } }'
        config '.process.args = ["ip", "-o", "-4", "addr", "show", "eth0"]'
        ocirun run --bundle "$BUNDLE" "$ID"
}

@test "with a user namespace, and by run" {
        export BATS_RUN_TMPDIR
        in_network in_user_namespace
        assert_status 0
        assert_output_contains "inet 192.0.2.1/24"
}

stays_there() {
        unshare --net sh -c 'echo >ready; exec cat hold' 3>&- &
        holder=$!
        read -r _ <ready
        config --arg path "/proc/$holder/ns/net" '(.linux.namespaces[] | select(.type == "network")) += { $path }'
        devices '{ "v0": { "name": "eth0" } }'
        create
        ocirun delete --force "$ID"
        # it is neither moved back nor removed
        nsenter --net="/proc/$holder/ns/net" ip link show eth0 >/dev/null
        refute_device v0
        echo >hold
        wait
}

@test "delete leaves a device where it is" {
        # "the runtime MUST NOT actively manage the interface's lifecycle"
        mkfifo ready hold
        in_network stays_there
        assert_status 0
}

# ---- a create that fails

comes_back() {
        ip addr add 192.0.2.1/24 dev v0
        ip link set v0 up
        index=$(property ifindex v0)
        before=$(describe v0)
        devices '{ "v0": { "name": "eth0" } }'
        config '.process.args = ["/no/such/program"]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_output_contains "/no/such/program"
        assert_equal "$(describe v0)" "$before"
        assert_equal "$(property ifindex v0)" "$index"

        # also one that was moved before another could not
        ip link add v1 type veth peer name peer1
        config '.process.args = ["true"]'
        devices '{ "v0": { "name": "eth0" }, "v1": { "name": "eth1" } }'
        config '.hooks.createRuntime = [{ path: "/bin/false" }]'
        run_detached ocirun create "$ID"
        assert_status 1
        assert_equal "$(describe v0)" "$before"
        assert_equal "$(describe v1)" down
}

@test "a create that fails gives the devices back as they were" {
        in_network comes_back
        assert_output ""
        assert_status 0
}

# ---- errors

unknown_devices() {
        devices '{ "v0": { "name": "eth0" }, "nonesuch0": {} }'
        assert_refused ".nonesuch0: find the network device nonesuch0: no such device (ENODEV)"
        devices '{ "v0": { "name": "lo" } }'
        assert_refused ".v0: the container's network namespace has a device lo already"
        ip link property add dev v0 altname other0
        devices '{ "v0": { "name": "eth0" }, "other0": { "name": "eth1" } }'
        assert_refused ".other0: is the same network device as v0"
}

@test "a device that is not there, or a name that is taken, is an error" {
        in_network unknown_devices
        assert_output ""
        assert_status 0
}

bad_names() {
        local name

        devices '{ "v0": { "name": "eth0" }, "v1": { "name": "eth0" } }'
        assert_refused ".v1: would be eth0 in the container, as v0 would"
        for name in 1234567890123456 a/b 'a b' a:b . .. %s %d%d eth%x; do
                config --arg name "$name" '.linux.netDevices = { v0: { $name } }'
                assert_refused ".v0.name: "
        done
        config '.linux.netDevices = { "a/b": {} }'
        assert_refused ".a/b: "
}

@test "names that no device can have are errors" {
        in_network bad_names
        assert_output ""
        assert_status 0
}

no_namespace() {
        devices '{ "v0": {} }'
        config '.linux.namespaces |= map(select(.type != "network"))'
        assert_refused ": needs a network namespace of the container"
        config '.linux.namespaces += [{ type: "network", path: "/proc/self/ns/net" }]'
        assert_refused ": the container's network namespace is the runtime's own"
}

@test "without a network namespace of the container there is nowhere to move a device" {
        in_network no_namespace
        assert_output ""
        assert_status 0
}

@test "an ordinary user has no devices of the host to move" {
        needs rootless-user
        devices '{ "v0": {} }'
        run as_user "$OCIRUN" --root "$BATS_TEST_TMPDIR/user/state" create --bundle "$BUNDLE" "$ID"
        assert_status 1
        assert_output_contains "linux.netDevices: needs the privileges of root on the host"
}
