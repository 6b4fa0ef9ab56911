"""The same load on ninesd and its peers; compare.sh is the way to start it."""

import argparse
import contextlib
import json
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 60
INTERVAL_S = 15
PAST_S = 5 * 3600  # so long ago the load ends: what a server does with samples once their time is over is part of how it keeps them
VM_SETTLE_S = 15  # VictoriaMetrics goes on merging parts for a while after a flush
PROMETHEUS_SETTLE_S = 300


def free_port():
    """The peers cannot be asked for a free port: they are given one that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def ask(url, post=False, patience_s=PATIENCE_S):
    with urllib.request.urlopen(urllib.request.Request(url, data=b"" if post else None), timeout=patience_s) as response:
        return response.read().decode()


def disk_bytes(folder, without=()):
    """Lengths of all files but those below folders named in `without`; what has been linked twice counts once."""
    seen, total = set(), 0
    for path in folder.rglob("*"):
        if path.relative_to(folder).parts[0] in without:
            continue
        with contextlib.suppress(FileNotFoundError):
            stat = path.lstat()
            if path.is_file() and (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_size
    return total


class Peer:
    """A server of other people, in a folder of its own. A context manager: it is gone afterwards, whatever happens."""

    ready_path, write_path, version_package = None, "/api/v1/write", None
    cache_folders = ()  # what a clean stop writes there can be deleted, and is no way of keeping samples

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        self.port = free_port()

    def command(self):
        raise NotImplementedError

    def samples_taken(self):
        """As the server itself counts them, and those that it dropped."""
        raise NotImplementedError

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, cwd=self.folder)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                ask(self.url(self.ready_path))
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise SystemExit(f"{self.command()[0]} does not start: {(self.folder / 'log').read_text()[-2000:]}")
                time.sleep(0.1)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(5 * PATIENCE_S)

    def counters(self, name):
        lines = [line.split() for line in ask(self.url("/metrics")).splitlines()]
        return {words[0]: float(words[1]) for words in lines if re.match(rf"{name}(\{{|$)", words[0])}

    def extra_bytes(self):
        """Bytes of the same samples in another form that is fairer to it, or None. Asked before it is stopped."""
        return None

    def settle(self):
        """Waits until it has tidied up what it keeps."""

    def bench_flags(self):
        return []


class Prometheus(Peer):
    ready_path, version_package = "/-/ready", "prometheus"

    def command(self):
        (self.folder / "prometheus.yml").write_text("global: {}\n")
        return ["prometheus", "--config.file=prometheus.yml", f"--storage.tsdb.path={self.data}", "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver", "--web.enable-admin-api",
                "--log.level=warn"]

    def samples_taken(self):
        return sum(self.counters("prometheus_tsdb_head_samples_appended_total").values()), 0

    def settle(self):
        """It looks for blocks to merge once a minute."""
        deadline, before, since = time.monotonic() + PROMETHEUS_SETTLE_S, None, time.monotonic()
        while time.monotonic() < min(deadline, since + 70):
            now = self.counters("prometheus_tsdb_compactions_total")
            if now != before:
                before, since = now, time.monotonic()
            time.sleep(2)

    def extra_bytes(self):
        """Its log and head are no measure of how it keeps samples: a snapshot has all of them as blocks."""
        name = json.loads(ask(self.url("/api/v1/admin/tsdb/snapshot"), post=True, patience_s=15 * PATIENCE_S))["data"]["name"]
        total = disk_bytes(self.data / "snapshots" / name)
        shutil.rmtree(self.data / "snapshots")
        return total


class VictoriaMetrics(Peer):
    ready_path, version_package = "/health", "victoria-metrics"
    cache_folders = ("cache",)

    def command(self):
        return ["victoria-metrics", f"-storageDataPath={self.data}", f"-httpListenAddr=127.0.0.1:{self.port}",
                "-retentionPeriod=100y", "-loggerLevel=WARN"]

    def samples_taken(self):
        taken = self.counters("vm_rows_inserted_total").get('vm_rows_inserted_total{type="promremotewrite"}', 0)
        return taken, sum(self.counters("vm_rows_ignored_total").values())

    def bench_flags(self):
        return ["--flush-url", self.url("/internal/force_flush"), "--settle", f"{VM_SETTLE_S}s"]


PEERS = {"nines": None, "VictoriaMetrics": VictoriaMetrics, "Prometheus": Prometheus}


class Run:
    def __init__(self, flags, work):
        self.flags, self.work = flags, work
        self.results = {name: {} for name in PEERS if name.lower() in flags.only}
        self.bench = flags.build / "bin/nines-bench"
        self.deadline = time.monotonic() + flags.limit
        self.start_s = time.time()

    def measure(self, *arguments):
        """nines-bench's figures. It and what it started ends with the time that is left."""
        left = self.deadline - time.monotonic()
        command = [str(self.bench), "--json", *map(str, arguments)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=max(left, 1))
        except subprocess.TimeoutExpired:
            raise SystemExit(f"the limit of {self.flags.limit} s is over during {' '.join(command)}; raise --limit or use --quick")
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed: {result.stderr[-2000:]}")
        return json.loads(result.stdout)

    def on_nines(self, folder, *arguments):
        folder.mkdir(parents=True)
        figures = self.measure(*arguments, "--ninesd", self.flags.build / "bin/ninesd", "--data-dir", folder / "data")
        shutil.rmtree(folder)
        return figures

    def on_peer(self, kind, folder, *arguments):
        with kind(folder) as peer:
            figures = self.measure(*arguments, "--url", peer.url(peer.write_path), "--pid", peer.process.pid, "--data-dir", peer.data,
                                   *peer.bench_flags())
            taken, dropped = peer.samples_taken()
            if taken != figures["samples_acknowledged"] or dropped != 0:
                raise SystemExit(f"{kind.__name__} acknowledged {figures['samples_acknowledged']} samples, counts {taken:.0f} itself, "
                                 f"and dropped {dropped:.0f}: no fair comparison")
            if arguments[0] == "bitbrains":
                peer.settle()
            extra = peer.extra_bytes()
            peer.stop()
            figures["disk_stopped_apparent_bytes"] = disk_bytes(peer.data, peer.cache_folders)
            figures["bytes_per_sample_stopped"] = figures["disk_stopped_apparent_bytes"] / taken
            if extra is not None:
                figures["bytes_per_sample_extra"] = extra / taken
        shutil.rmtree(folder)
        return figures

    def one(self, name, load, *arguments):
        say(f"{name}: {' '.join(map(str, arguments))}")
        folder, kind = self.work / f"{name}-{load}", PEERS[name]
        if kind is None:
            figures = self.on_nines(folder, *("ingest" if word == "remote-write" else word for word in arguments))
        else:
            figures = self.on_peer(kind, folder, *arguments)
        self.results[name][load] = figures
        if self.flags.keep:
            self.flags.keep.write_text(json.dumps(self.results, indent=1) + "\n")
        if "samples_per_server_cpu_s" in figures:
            say(f"  {figures['samples_per_server_cpu_s']:.0f} samples a server CPU second, {figures['steady_wall_s']:.0f} s")

    def all(self):
        """Load after load, so that the rows of the table are whole when time runs out."""
        loads = [("20k", 20_000, 240), ("300k", 300_000, 20)] if self.flags.quick else [("20k", 20_000, 1920), ("300k", 300_000, 240)]
        if self.flags.bitbrains:
            for name in self.results:
                self.one(name, "bitbrains", "bitbrains", "--file", self.flags.bitbrains, "--shift-to-now")
        for load, series, samples in loads:
            start_s = self.start_s - PAST_S - samples * INTERVAL_S
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start_s))
            for name in self.results:
                self.one(name, load, "remote-write", "--series", series, "--samples-per-series", samples, "--start", start)


def bytes_per_sample(figures):
    """After a clean stop; of Prometheus as blocks, where that is less than with its log."""
    return min(figures["bytes_per_sample_stopped"], figures.get("bytes_per_sample_extra", float("inf")))


def bytes_before_stop(figures):
    return figures.get("bytes_per_sample_settled", figures["bytes_per_sample_running"])


# Name, load, figure, how it is written, and what nines is held to.
ROWS = [
    ("samples per server CPU second, 20 000 series", "20k", lambda f: f["samples_per_server_cpu_s"], "{:,.0f}", ""),
    ("samples per server CPU second, 300 000 series", "300k", lambda f: f["samples_per_server_cpu_s"], "{:,.0f}",
     "≥ 8 000 000, ≥ 20 × VictoriaMetrics"),
    ("peak resident memory, 20 000 series, MiB", "20k", lambda f: f["rss_peak_bytes"] / 2**20, "{:,.0f}", ""),
    ("peak resident memory, 300 000 series, MiB", "300k", lambda f: f["rss_peak_bytes"] / 2**20, "{:,.0f}", "≤ 250"),
    ("bytes per sample, fleet, 20 000 series", "20k", bytes_per_sample, "{:.2f}", ""),
    ("bytes per sample, fleet, 300 000 series", "300k", bytes_per_sample, "{:.2f}", "≤ 0.95"),
    ("bytes per sample, fleet, 300 000 series, before the stop", "300k", bytes_before_stop, "{:.2f}", ""),
    ("bytes per sample, Bitbrains", "bitbrains", bytes_per_sample, "{:.2f}", "≤ 0.50, ≤ 0.7 × VictoriaMetrics"),
]


def table(results):
    names = list(results)
    others = [name for name in names if name != "nines"] if "nines" in names else []
    yield "| | " + " | ".join(names + [f"nines ÷ {name}" for name in others] + ["limit"]) + " |"
    yield "|---|" + "---:|" * (len(names) + len(others)) + "---|"
    for title, load, figure, form, limit in ROWS:
        values = {name: figure(results[name][load]) for name in names if load in results[name]}
        if not values:
            continue
        cells = [form.format(values[name]).replace(",", " ") if name in values else "–" for name in names]
        cells += [f"{values['nines'] / values[name]:.2f}" if {"nines", name} <= values.keys() else "–" for name in others]
        yield f"| {title} | " + " | ".join(cells + [limit]) + " |"


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor\s*:", pathlib.Path("/proc/cpuinfo").read_text(), re.M))
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 2**20
    return f"{model[1] if model else platform.machine()}, {cores} cores, {memory:.0f} GiB, Linux {platform.release()}"


def versions():
    found = []
    for kind in (VictoriaMetrics, Prometheus):
        answer = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", kind.version_package], capture_output=True, text=True)
        found.append(f"{kind.__name__} {answer.stdout.split('+')[0] or '?'}")
    return ", ".join(found)


def main():
    parser = argparse.ArgumentParser(prog="compare.sh", description="The same load on ninesd, VictoriaMetrics and Prometheus.",
                                     epilog="Example: compare.sh --quick --bitbrains bitbrains_rnd.csv.xz")
    parser.add_argument("--quick", action="store_true", help="fewer samples, too few to compare bytes on disk: ten minutes, not forty")
    parser.add_argument("--bitbrains", type=pathlib.Path, metavar="FILE", help="the trace of real VMs; without it its row is left out")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="folder of the build (default: build/release)")
    parser.add_argument("--work-dir", type=pathlib.Path, help="where the data directories go (default: that for temporary files)")
    parser.add_argument("--limit", type=int, default=7200, help="seconds after which it gives up (default: 7200)")
    parser.add_argument("--only", default="nines,victoriametrics,prometheus", help="names with commas between")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FILE", help="write all figures there as JSON, after each")
    flags = parser.parse_args()
    flags.only = flags.only.lower().split(",")
    flags.build = flags.build.resolve()
    # So that the servers are stopped and the folder removed on SIGTERM, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    load_before = pathlib.Path("/proc/loadavg").read_text().split()[0]
    with tempfile.TemporaryDirectory(prefix="nines-compare-", dir=flags.work_dir) as work:
        run = Run(flags, pathlib.Path(work))
        try:
            run.all()
        finally:  # what there is until then, whatever ended it
            print("\n".join(table(run.results)))
            print(f"\n{machine()}; load average before the run {load_before}; {versions()}{'; --quick' if flags.quick else ''}.")


if __name__ == "__main__":
    main()
