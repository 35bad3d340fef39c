# What quickstart, run-tests and .ci/run have in common; they source this file.
# shellcheck shell=sh

# shellcheck disable=SC2034 # for them
build_packages='autoconf automake gcc jq libc6-dev libcap-dev libseccomp-dev libsystemd-dev libyajl-dev make pkgconf'

say() {
        printf '%s\n' "$*"
}

die() {
        printf '%s: %s\n' "${0##*/}" "$*" >&2
        exit 1
}

need_root() {
        [ "$(id -u)" -eq 0 ] || die "needs root: run it as  sudo $0"
}

# Packages of this list that are not installed.
missing_packages() {
        for package; do
                status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
                [ "$status" = installed ] || printf '%s ' "$package"
        done
}

# Packages of this list that are installed or that apt could install.
available_packages() {
        for package; do
                if [ -z "$(missing_packages "$package")" ] || apt-cache show -q=2 "$package" >/dev/null 2>&1; then
                        printf '%s ' "$package"
                fi
        done
}

# Install Debian packages.  Where all are there, nothing is asked of the network.
install_packages() {
        if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
                say "No Debian here: make sure that you have what these packages bring: $*"
                return
        fi
        missing=$(missing_packages "$@")
        if [ -z "$missing" ]; then
                say "All packages are installed."
                return
        fi
        say "Installing with apt-get: $missing"
        apt_log=$(mktemp)
        apt-get update -q=2 >"$apt_log" 2>&1 || say "apt-get update failed; trying with the lists that are here"
        # shellcheck disable=SC2086 # words
        if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q=2 --no-install-recommends $missing \
                </dev/null >>"$apt_log" 2>&1; then
                cat "$apt_log" >&2
                rm -f "$apt_log"
                die "apt-get cannot install: $missing"
        fi
        rm -f "$apt_log"
}

# Run a command as the owner of the checkout, so that sudo leaves no files of root in it.  Where the owner
# cannot write there (a directory that was mounted into a container), as root.
as_owner() {
        owner=$(stat -c %u .) group=$(stat -c %g .)
        if [ "$owner" -ne 0 ] && setpriv --reuid="$owner" --regid="$group" --clear-groups test -w . 2>/dev/null; then
                setpriv --reuid="$owner" --regid="$group" --clear-groups "$@"
        else
                "$@"
        fi
}

# configure and automake would mix up a build in the source directory with one outside.
refuse_build_in_source() {
        [ ! -e config.status ] || die "the source directory itself is configured; run  make distclean  first"
}
