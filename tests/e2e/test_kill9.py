"""kill -9 of daemon and collector at random instants under load: nothing acknowledged is lost, nothing counts twice."""

import csv
import json
import os
import random
import time

from harness import Case, eventually, main
from pusher import Pusher

KILLS = int(os.environ.get("NINES_E2E_KILLS", "100"))
MONTH_MS = 1_777_564_800_000  # 2026-05-01T00:00+08:00
CHECKS = 5
ROWS = 400  # a file
STEP_MS = 60_000

DAEMON = """catalogue_files: [catalogue.yaml]
ingest: {late_window: unlimited, ahead_window: unlimited}
storage: {retention_samples: unlimited}
"""

CATALOGUE = """
providers: [{id: cloud}]
targets:
- {id: portal, provider: cloud}
- {id: payments, provider: cloud, down_when: majority, inputs: [c2, c3, c4]}
checks:
- {id: c0, target: portal, interval: 1m}
- {id: c1, target: portal, interval: 1m, down_after: 2}
- {id: c2, provider: cloud, interval: 1m}
- {id: c3, provider: cloud, interval: 1m}
- {id: c4, provider: cloud, interval: 1m}
"""

SOURCES = """- name: results
  interval: 50ms
  replay:
    files: [in/results-*.csv]
    results: {check: "{check}"}
- name: samples
  interval: 50ms
  replay:
    files: [in/samples-*.csv]
    samples: {label_columns: [vm], name_prefix: "vm_"}
- name: tickets
  interval: 50ms
  drop: {directory: drop, settle: 1ms}
"""


class Kill9(Case):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("NINES_SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        print(f"seed {self.seed} (NINES_SEED={self.seed} repeats the data and the order of kills)")

    def put(self, name, rows):
        """Writes beside, then renames: a file appears whole."""
        temporary = self.write(f"tmp/{name}", "")
        with open(temporary, "w", newline="") as file:
            csv.writer(file).writerows(rows)
        (self.folder / "in").mkdir(exist_ok=True)
        temporary.rename(self.folder / "in" / name)

    def feed(self, number, data):
        """Hands the collector one more file of results, one of samples and one ticket."""
        first = MONTH_MS + number * (ROWS // CHECKS) * STEP_MS
        results, samples = [["unix_ms", "check", "state"]], [["unix_ms", "vm", "cpu", "memory"]]
        for step in range(ROWS // CHECKS):
            for check in range(CHECKS):
                state = data.choices(["up", "down", "degraded"], [20, 3, 1])[0]
                results.append([first + step * STEP_MS, f"c{check}", state])
            samples.append([first + step * STEP_MS, f"vm-{number % 3}", data.randrange(1000) / 10, data.randrange(1 << 40)])
        self.put(f"results-{number:04}.csv", results)
        self.put(f"samples-{number:04}.csv", samples)
        start = first + data.randrange(60_000)
        ticket = {"kind": "incident", "id": f"T-{number}", "target": "portal", "start": start,
                  "end": start + data.randrange(1, 600_000), "impact": "down", "told": start + 60_000}
        temporary = self.write(f"tmp/ticket-{number}.jsonl", json.dumps(ticket) + "\n")
        (self.folder / "drop").mkdir(exist_ok=True)
        temporary.rename(self.folder / "drop" / temporary.name)

    def outcome(self, files):
        """Everything that a user could ask, once all files have been taken and acknowledged."""
        report = self.ninesctl_json("report", "--month", "2026-05")
        report.pop("generated_time")
        report.pop("ledger_position")
        for target in report["targets"]:
            target["contract"].pop("position")
        facts = self.connect("LedgerService", "ListFacts", {"kinds": ["declaration"], "include_replaced": True, "page_size": 1000})
        declarations = sorted(json.dumps(fact["declaration"], sort_keys=True) for fact in facts["facts"])
        series = self.ninesctl("query", '{__name__=~"vm_.*"}', "--from", "2026-05-01T00:00:00+08:00", "--to",
                               "2026-06-01T00:00:00+08:00", "--format", "csv")
        results = self.ninesctl("query", "nines_check_result", "--from", "2026-05-01T00:00:00+08:00", "--to",
                                "2026-06-01T00:00:00+08:00", "--format", "csv")
        return report, declarations, series, results

    def wait_until_taken(self, files):
        def taken():
            done = len(list((self.folder / "drop" / "done").glob("ticket-*")))
            results = self.ninesctl("query", "nines_check_result", "--from", "2026-05-01T00:00:00+08:00", "--to",
                                    "2026-06-01T00:00:00+08:00", "--format", "csv").count("\n") - 1
            samples = self.ninesctl("query", '{__name__=~"vm_.*"}', "--from", "2026-05-01T00:00:00+08:00", "--to",
                                    "2026-06-01T00:00:00+08:00", "--format", "csv").count("\n") - 1
            found = (done, results, samples)
            if found != (files, files * ROWS, files * ROWS // CHECKS * 2):
                raise AssertionError(f"(tickets, results, samples) so far: {found}")
            return True
        eventually(taken, f"all {files} files were taken", 300)

    def start_all(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon(DAEMON)
        self.config = self.collector_config("agent", "cloud", SOURCES)
        self.agent = self.start_collector(self.config)

    def restart_daemon(self):
        self.daemon.kill()
        self.start_daemon(DAEMON,
                          grpc_port=self.grpc_port)

    def restart_agent(self):
        self.agent.kill()
        self.agent = self.start_collector(self.config)

    def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(self):
        data_seed = self.random.randrange(1 << 32)
        data = random.Random(data_seed)
        self.start_all()
        pusher = Pusher(self.grpc_address, "cloud", "pusher", MONTH_MS)
        for kill in range(KILLS):
            self.feed(kill, data)
            time.sleep(self.random.uniform(0, 0.15))  # the random instant
            victim = self.random.choice(["daemon", "agent", "both"])
            if victim != "agent":
                self.restart_daemon()
            if victim != "daemon":
                self.restart_agent()
        acknowledged = pusher.stop()
        self.wait_until_taken(KILLS)
        disturbed = self.outcome(KILLS)
        self.assertEqual(pusher.welcomed_below, [], "the daemon forgot what it had acknowledged")
        self.assertEqual(list(pusher.refusals), [])
        self.assertGreater(acknowledged, KILLS)

        pushed = self.ninesctl("query", "pushed", "--from", "2026-05-01T00:00:00+08:00", "--to", "2036-05-01T00:00:00+08:00",
                               "--format", "csv").splitlines()[1:]
        found = {int(line.rsplit(",", 2)[1]): float(line.rsplit(",", 2)[2]) for line in pushed}
        self.assertEqual(len(found), len(pushed), "a sample came back twice")
        missing = [s for s in range(1, acknowledged + 1) if found.get(MONTH_MS + s * 1000) != s]
        self.assertEqual(missing, [])
        print(f"{KILLS} kills, {acknowledged} pushed samples acknowledged, {KILLS * ROWS} results, {KILLS} tickets")

        # The same data, undisturbed, in a folder of its own.
        self.agent.stop()
        self.daemon.stop()
        self.folder = self.folder / "undisturbed"
        self.folder.mkdir()
        self.start_all()
        data = random.Random(data_seed)
        for number in range(KILLS):
            self.feed(number, data)
        self.wait_until_taken(KILLS)
        for what, one, other in zip(("report", "declarations", "samples", "results"), disturbed, self.outcome(KILLS)):
            self.assertEqual(one, other, what)


if __name__ == "__main__":
    main()
