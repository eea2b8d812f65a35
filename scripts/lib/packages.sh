# shellcheck shell=bash
# Debian's packages that building, running and testing need.

PACKAGES=(
    libhiredis-dev libpq-dev libssl-dev zlib1g-dev libcurl4-openssl-dev pkg-config # what the build links
    redis-server redis-tools postgresql haproxy    # what scripts/up and the tests start
    curl                                           # what asks the gateways
)
# What only the tests need: Python and Node for the clients of the end-to-end tests, a browser, certificates, and for
# scripts/chaos clocks that jump and networks that can be cut.
TEST_PACKAGES=(python3-venv chromium openssl nodejs node-ws libfaketime iproute2 util-linux)
POLICY=/usr/sbin/policy-rc.d

missing_packages() {
    local package
    for package in "${PACKAGES[@]}"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
    done
}

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# Debian starts a server as soon as it is installed. Ours are started by scripts/up, in a folder and on ports of their
# own, so we forbid it for the length of the installation; a policy that the machine already has is left alone.
forbid_service_start() {
    [[ -e $POLICY ]] && return
    trap 'as_root rm -f "$POLICY"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 0755 "$POLICY"
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# In a subshell, so that the policy goes away as soon as it isn't needed.
install_packages() (
    local missing
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]})) || exit 0
    have apt-get || die "needs ${missing[*]}: this isn't Debian, so install what corresponds to them yourself"
    is_root || have sudo || die "needs packages; run as root: apt-get install ${missing[*]}"
    note "installing ${missing[*]}"
    forbid_service_start
    apt update || die "apt-get update failed: check the network and /etc/apt/sources.list"
    apt install --no-install-recommends "${missing[@]}" >/dev/null \
        || die "apt-get couldn't install: ${missing[*]}; its own lines above say why"
)
