#!/usr/bin/env bash
# Build a bare Debian 13 in a temporary folder, clone the repository into it and run `make` with Debian's own Python there.
# Say whether the outputs are the committed ones, byte for byte: `make fresh`, as root.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "make fresh needs root: sudo make fresh" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

# The packages come from where this machine has its own; where that is not Debian, from debootstrap's default.
archive() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# Print the settings with which this machine's pip reaches an index, as variables. Folders of this machine are left out.
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

# shellcheck disable=SC2046 # The archive is left out where none is found.
debootstrap --variant=minbase --include=ca-certificates,git,make,python3,python3-venv trixie "$folder" $(archive)
certificates=/etc/ssl/certs/ca-certificates.crt
cp --dereference "$certificates" "$folder$certificates"
cp --dereference /etc/resolv.conf /etc/hosts "$folder/etc"
git clone --quiet --no-local . "$folder/orca"
[ -z "$(git status --porcelain --untracked-files=no)" ] || echo "What is not committed is left out."

settings=("PATH=/usr/bin:/bin" "HOME=/root" "PIP_CERT=$certificates")
mapfile -t -O "${#settings[@]}" settings < <(pip_settings; env | grep -i '^[a-z]*_proxy=')

# The mount of /proc is known to these processes alone, and goes with them.
env -i "${settings[@]}" unshare --mount --pid --fork --kill-child --root="$folder" --wd=/orca --mount-proc bash -euc '
    python3 --version
    # DVC runs a stage whose outputs are committed only where they are missing.
    rm -r metrics labels/queue.csv
    git checkout --quiet metrics/field.json metrics/plots/field.csv  # No stage makes them.
    make
    [ -z "$(git status --porcelain)" ] || { git --no-pager diff --stat; git status --short; exit 1; }
    echo "Every output has the bytes that are committed."
'
