#!/usr/bin/env bash
# Installs, builds and runs all tests. tests/run.sh [--preset release|dev|debug|asan|tsan] [ctest's flags, e.g. -R sla]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
if [ "${1:-}" = --preset ]; then
  preset=$2
  shift 2
fi
deploy/install.sh build test
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
exec ctest --preset "$preset" -j "$(nproc)" "$@"
