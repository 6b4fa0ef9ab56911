#!/usr/bin/env bash
# Installs, builds, and supervises real targets on this machine: one daemon, three collectors for three providers, three node_exporters, three web
# services of which one fails for a while, and months of real probe logs behind them. Ends with the report of the last full month of those logs.
#   deploy/quickstart.sh          stays until Ctrl-C, which stops everything; without a terminal it leaves everything running
#   deploy/quickstart.sh --down   stops everything and deletes its data
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
run=$root/run/quickstart
bin=$root/build/release/bin
month=2026-07 # the last full month of the logs

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

stop_all() {
  local pid pids=()
  for file in "$run"/*.pid; do
    [ -e "$file" ] || continue
    pid=$(cat "$file")
    # Only what is still the program that was started: process numbers come round again.
    if [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$(cat "${file%.pid}.cmd")"; then
      kill "$pid" 2>/dev/null && pids+=("$pid")
    fi
    rm -f "$file"
  done
  for pid in "${pids[@]}"; do
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
}

# start NAME COMMAND ...: in the background, in the run folder, its output in NAME.log.
start() {
  local name=$1
  shift
  echo "$1" >"$run/$name.cmd"
  (cd "$run" && exec setsid "$@" >>"$name.log" 2>&1 </dev/null) &
  echo $! >"$run/$name.pid"
}

# wait_for WHAT COMMAND ...: until it succeeds, or a minute is over.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  echo "Gave up waiting until $what. The programs' logs are in $run; the last lines of each:" >&2
  tail -n 5 "$run"/*.log >&2
  exit 1
}

shows() { "$bin/ninesctl" "${@:2}" | grep -q "$1"; }
web() { start "web-$1" python3 -m http.server --bind 127.0.0.1 --directory www "$2"; }

if [ "${1:-}" = --down ]; then
  stop_all
  rm -rf "$run"
  echo "Stopped, and deleted $run."
  exit 0
elif [ $# -gt 0 ]; then
  echo "usage: deploy/quickstart.sh [--down]" >&2
  exit 2
fi

say "1/4 Packages and build (a few minutes the first time)"
deploy/install.sh build demo
cmake --preset release >/dev/null
cmake --build --preset release --target ninesd nines-collector ninesctl

say "2/4 Starting a daemon, three collectors, three exporters and three web services"
mkdir -p "$run"
stop_all
for port in 9460 9461 19101 19102 19103 19201 19202 19203; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "Port $port on this machine is in use by something else; stop that first (ss -ltnp | grep $port says what it is)." >&2
    exit 1
  fi
done
cp -r deploy/quickstart/. "$run/"
mkdir -p "$run"/tickets-{a,b,c}
trap 'stop_all' ERR
trap 'stop_all; exit 130' INT TERM
for number in 1 2 3; do
  start "node_exporter-$number" prometheus-node-exporter --web.listen-address="127.0.0.1:1910$number" --log.level=warn
  web "$number" "1920$number"
done
start ninesd "$bin/ninesd" --config ninesd.yaml
wait_for "the daemon is ready" python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:9461/-/ready")'
for letter in a b c; do start "collector-$letter" "$bin/nines-collector" --config "collector-$letter.yaml"; done
wait_for "payments are seen to be up" shows ',up,' status --target payments --format csv

say "3/4 An outage: the web service of payments stops for ten seconds"
outage_start=$(date +%Y-%m-%dT%H:%M:%S%:z)
kill "$(cat "$run/web-2.pid")"
wait_for "payments are seen to be down" shows ',down,' status --target payments --format csv
"$bin/ninesctl" status --provider cloud-b --target payments
sleep 10
web 2 19202
wait_for "payments are up again" shows ',up,' status --target payments --format csv
outage_end=$(date +%Y-%m-%dT%H:%M:%S%:z)
# Its provider declares it only now, through its ticket system.
printf '{"kind": "incident", "id": "B-%s", "target": "payments", "start": "%s", "end": "%s", "impact": "down", "title": "web server restarted"}\n' \
  "$(date +%s)" "$outage_start" "$outage_end" >"$run/tickets-b/.new" && mv "$run/tickets-b/.new" "$run/tickets-b/$(date +%s).jsonl"
wait_for "the declaration is recorded" sh -c "! ls '$run'/tickets-b/*.jsonl && ls '$run'/tickets-b/done/*.jsonl"
wait_for "the history is replayed" shows ',2678400000,' report --month $month --target editions-home --format csv

say "4/4 What nines says"
"$bin/ninesctl" outages --target payments --from -1h
say "Now"
"$bin/ninesctl" status --provider cloud-a --target portal-web
"$bin/ninesctl" status --target payments --target archive
say "Report of $month, from real probe logs"
"$bin/ninesctl" report --month $month --target parzival-legacy --target parzival-redirect --target rappoltstein --target parzival-api \
  --target brandan --target editions-home --target world-clock --target statsig --target search
cat <<TEXT

Open   http://127.0.0.1:9461/          every target, live
       http://127.0.0.1:9461/metrics   for Prometheus
Ask    build/release/bin/ninesctl report --month 2026-05 --lang zh
       build/release/bin/ninesctl query 'node_load1' --from -5m
Data, configs and logs are in run/quickstart.
TEXT
if [ -t 0 ] && [ -t 1 ]; then
  echo "Ctrl-C stops everything."
  while :; do sleep 3600 & wait $!; done
fi
trap - ERR INT TERM
echo "Everything goes on running; deploy/quickstart.sh --down stops it."
