#!/usr/bin/env bash
# Build a bare Debian 13 in a temporary folder, clone the repository into it, and run `make` there with Debian's Python.
# Tell whether the outputs match the committed ones, byte for byte: `make fresh`, as root.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "make fresh needs root: sudo make fresh" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

# Use this machine's package archive if it runs Debian, and the default of debootstrap otherwise.
archive() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# Print the index settings of this machine's pip as variables, without its local folders.
pip_settings() {
    local name value
    python3 -m pip config list | while IFS='=' read -r name value; do
        name=${name#*.}
        case $name in
            index-url | extra-index-url | trusted-host | proxy | timeout | default-timeout)
                value=$(printf '%b' "${value:1:-1}" | tr -s ' \n' '\n' | sed '/^file:/d' | paste -sd ' ')
                name=${name//-/_}
                [ -z "$value" ] || echo "PIP_${name^^}=$value" ;;
        esac
    done
}

folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
chmod 755 "$folder"

# shellcheck disable=SC2046 # Without an archive there is no argument.
debootstrap --variant=minbase --include=ca-certificates,git,make,python3,python3-venv trixie "$folder" $(archive)
certificates=/etc/ssl/certs/ca-certificates.crt
cp --dereference "$certificates" "$folder$certificates"
cp --dereference /etc/resolv.conf /etc/hosts "$folder/etc"
git clone --quiet --no-local . "$folder/orca"
[ -z "$(git status --porcelain --untracked-files=no)" ] || echo "Uncommitted changes are left out."

settings=("PATH=/usr/bin:/bin" "HOME=/root" "PIP_CERT=$certificates")
mapfile -t -O "${#settings[@]}" settings < <(pip_settings; env | grep -i '^[a-z]*_proxy=')

# Only these processes see this mount of /proc. It disappears when they end.
env -i "${settings[@]}" unshare --mount --pid --fork --kill-child --root="$folder" --wd=/orca --mount-proc bash -euc '
    python3 --version
    # If the outputs of a stage are committed, DVC runs it only if they are missing.
    rm -r metrics labels/queue.csv
    git checkout --quiet metrics/field.json metrics/plots/field.csv  # No stage makes them.
    make
    [ -z "$(git status --porcelain)" ] || { git --no-pager diff --stat; git status --short; exit 1; }
    echo "Every output matches the committed bytes."
'
