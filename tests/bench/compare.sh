#!/usr/bin/env bash
# The same load on ninesd, Prometheus and VictoriaMetrics, one after the other on this machine, and a Markdown table of what each took.
# Installs the peers' Debian packages and builds what is missing. Uses loopback and free ports alone, stops by itself, leaves nothing running.
#   compare.sh [--quick] [--bitbrains FILE] [--build DIR] [--work-dir DIR] [--limit SECONDS] [--only NAMES] [--keep]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
"$root/deploy/install.sh" build bench
build=$root/build/release
arguments=("$@")
for ((i = 0; i < $#; ++i)); do
  case ${arguments[i]} in
    --build=*) build=${arguments[i]#--build=} ;;
    --build) build=${arguments[i + 1]:?--build needs a folder} ;;
    -h | --help) exec /usr/bin/python3 -B "$here/compare.py" --help ;;
  esac
done
if [ ! -x "$build/bin/ninesd" ] || [ ! -x "$build/bin/nines-bench" ]; then
  (cd "$root" && cmake --preset release && cmake --build --preset release --target ninesd nines-bench) >&2
fi
exec /usr/bin/python3 -B "$here/compare.py" "$@"
