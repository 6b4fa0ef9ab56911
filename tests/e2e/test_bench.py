"""nines-bench counts what the daemon counts: its figures are worth something only if they are about samples that arrived."""

import json
import re
import subprocess

from harness import BIN, PATIENCE_S, Case, main

SERIES, SAMPLES = 2000, 12


class Bench(Case):
    def bench(self, *arguments, expect=0):
        result = subprocess.run([str(BIN / "nines-bench"), "--json", *map(str, arguments)], capture_output=True, text=True,
                                timeout=PATIENCE_S * 3, cwd=self.folder)
        self.assertEqual(result.returncode, expect, result.stderr[-2000:])
        return json.loads(result.stdout) if expect == 0 else result.stderr

    def counter(self, name):
        (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", self.http("/metrics"), re.M)
        return float(value)

    def daemon_for(self, windows):
        self.write("catalogue.yaml", "providers: [{id: provider-1}, {id: provider-2}, {id: provider-3}]\n")
        self.start_daemon(f"catalogue_files: [catalogue.yaml]\ningest: {windows}\nstorage: {{retention_samples: unlimited}}\n")

    def test_ingest_counts_as_the_daemon_does(self):
        self.daemon_for("{late_window: unlimited}")
        figures = self.bench("ingest", "--series", SERIES, "--samples-per-series", SAMPLES, "--providers", 3, "--rows", 7,
                             "--daemon", self.grpc_address, "--pid", self.daemon.process.pid, "--data-dir", self.folder / "data",
                             "--trace", "trace.csv")
        self.assertEqual(figures["samples_acknowledged"], SERIES * SAMPLES)
        self.assertEqual(self.counter("nines_ingest_samples_total"), SERIES * SAMPLES)
        self.assertEqual(self.counter("nines_storage_series"), SERIES)
        self.assertEqual(figures["steady_samples"], SERIES * (SAMPLES - 2))
        self.assertGreater(figures["rss_peak_bytes"], 1 << 20)
        self.assertAlmostEqual(figures["disk_running_apparent_bytes"] / (SERIES * SAMPLES), figures["bytes_per_sample_running"],
                               delta=0.001 * figures["bytes_per_sample_running"])  # it has four digits
        self.assertTrue((self.folder / "trace.csv").read_text().startswith("seconds,samples,cpu_s,rss_bytes,"))

    def test_the_seed_gives_the_samples(self):
        self.daemon_for("{late_window: unlimited}")
        for start_ms, seed in ((1_777_564_800_000, 1), (1_777_651_200_000, 1), (1_777_737_600_000, 2)):
            self.bench("ingest", "--series", 20, "--samples-per-series", SAMPLES, "--seed", seed, "--start", start_ms,
                       "--collectors", 1, "--daemon", self.grpc_address)
        values = {}
        answer = self.connect("QueryService", "QuerySeries", {
            "matchers": [{"type": "MATCH_TYPE_EQUAL", "name": "vm", "value": "vm-000000"}], "page_size": 100000,
            "start_time": "2026-05-01T00:00:00+08:00", "end_time": "2026-05-08T00:00:00+08:00"})
        for series in answer["series"]:
            for time_ms, value in zip(series["time_ms"], series["values"], strict=True):
                values.setdefault((int(time_ms) - 1_777_564_800_000) // 86_400_000, []).append((series["labels"], value))
        self.assertEqual([len(values[day]) for day in range(3)], [20 * SAMPLES] * 3)
        self.assertTrue(values[0] == values[1], "one seed gave two different fleets")
        self.assertTrue(values[0] != values[2], "two seeds gave one fleet")

    def test_a_refusal_is_a_failure(self):
        self.daemon_for("{late_window: 1h}")
        error = self.bench("ingest", "--series", SERIES, "--samples-per-series", SAMPLES, "--start", "2d",
                           "--daemon", self.grpc_address, expect=1)
        self.assertIn("REFUSAL_REASON_TOO_OLD", error)
        self.assertEqual(self.counter("nines_ingest_samples_total"), 0)

    def test_a_daemon_of_its_own_is_gone_afterwards(self):
        data = self.folder / "own/data"
        figures = self.bench("ingest", "--series", SERIES, "--samples-per-series", SAMPLES, "--data-dir", data)
        self.assertEqual(figures["samples_acknowledged"], SERIES * SAMPLES)
        self.assertEqual(figures["disk_stopped_apparent_bytes"], sum(f.stat().st_size for f in data.rglob("*") if f.is_file()))
        self.assertEqual(subprocess.run(["pgrep", "-f", f"ninesd --config {data}"], capture_output=True).returncode, 1)
        found = self.bench("query", "--series", SERIES, "--data-dir", data, "--runs", 10, "--scans", 1)
        self.assertEqual((found["series_samples_mean"], found["scan_samples"]), (SAMPLES, SERIES / 20 * SAMPLES))

    def test_restart_finds_everything_again(self):
        figures = self.bench("restart", "--series", SERIES, "--samples-per-series", SAMPLES, "--runs", 1, "--work-dir", self.folder)
        self.assertGreater(figures["ready_after_kill_median_s"], 0)
        self.assertGreater(figures["ready_after_stop_median_s"], 0)


if __name__ == "__main__":
    main()
