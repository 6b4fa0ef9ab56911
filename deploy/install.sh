#!/usr/bin/env bash
# Installs the Debian 12 packages of the groups that are named (build, demo, test, bench; see deploy/packages). Does nothing where they are all there.
set -euo pipefail
cd "$(dirname "$0")"

wanted=()
for group in "$@"; do
  while read -r package; do wanted+=("$package"); done < <(
    awk -v group="[$group]" '/^\[/ { here = ($0 == group); next } here && !/^#/ && NF { print $1 }' packages)
done
missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing Debian packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "These packages are missing, and neither root nor sudo is here to install them." >&2; exit 1; }
  as_root=(sudo)
fi
# prometheus and its exporters would start services of their own on their usual ports; the demo and the tests start them themselves.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod +x $policy
  made_policy=yes
fi
trap '[ $made_policy = no ] || "${as_root[@]}" rm -f $policy' EXIT
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
