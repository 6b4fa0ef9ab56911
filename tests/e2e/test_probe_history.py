"""Real probe logs, replayed through a collector: every month and every outage to the millisecond."""

import calendar
import collections
import csv
import datetime
import gzip

from harness import DATA, Case, main, yaml_text

LOGS = {
    "dhbern": "upptime_dhbern.csv.gz",
    "toro": "upptime_toro.csv.gz",
    "manticore": "upptime_manticore.csv.gz",
    "statsig_statuspage": "statsig_statuspage.csv.gz",
}


def read(name):
    with gzip.open(DATA / "probes" / name, "rt", newline="") as file:
        return list(csv.DictReader(file))


class ProbeHistory(Case):
    def load(self, sources, hold):
        """Starts a daemon whose catalogue has one target with one check for every (source, site, url), and replays the logs."""
        monthly = [row for row in read("expected_monthly_availability.csv.gz") if row["source"] in sources]
        ends = collections.defaultdict(int)
        for row in monthly:
            key = (row["source"], row["site"], row["url"])
            ends[key] = max(ends[key], int(row["to_unix_ms"]))
        lines = ["providers:", *(f"- id: {source}" for source in sources),
                 "contracts:", "- {id: utc, time_zone: UTC}", "targets:"]
        for source, site, url in ends:
            lines.append(f"- {{id: {yaml_text(self.target(source, site, url))}, provider: {source}, contract: utc}}")
        lines.append("checks:")
        for source, site, url in ends:
            target = yaml_text(self.target(source, site, url))
            lines.append(f"- {{id: {target}, target: {target}, interval: 5m, hold: {hold}}}")
        self.write("catalogue.yaml", "\n".join(lines))
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        for source in sources:
            # The log alone does not say when it ends: an end marker for each site does.
            with open(self.folder / f"{source}-ends.csv", "w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["unix_ms", "site", "state", "url"])
                for (of, site, url), end in ends.items():
                    if of == source:
                        writer.writerow([end, site, "stale", url])
            self.replay(f"replay-{source}", source, f"""- name: {source}
  replay:
    files: [{DATA}/probes/{LOGS[source]}, {self.folder}/{source}-ends.csv]
    results: {{check: "{source}|{{site}}|{{url}}"}}
""")
        return monthly

    @staticmethod
    def target(source, site, url):
        return f"{source}|{site}|{url}"

    def test_every_month_and_every_outage_equal_the_independent_figures(self):
        monthly = self.load(list(LOGS), "unlimited")
        self.assertEqual(len(monthly), 650)
        by_month = collections.defaultdict(dict)
        for row in monthly:
            by_month[row["utc_month"]][self.target(row["source"], row["site"], row["url"])] = row
        compared = 0
        for month, expected in sorted(by_month.items()):
            report = self.ninesctl_json("report", "--month", month)
            accounts = {target["target_id"]: target for target in report["targets"]}
            for target, row in expected.items():
                account = accounts[target]["account"]
                with self.subTest(month=month, target=target):
                    self.assertEqual({key: int(account[key]) for key in ("up_ms", "degraded_ms", "down_ms")},
                                     {key: int(row[key]) for key in ("up_ms", "degraded_ms", "down_ms")})
                    compared += 1
                    # The independent figure is rounded to six decimals, ours truncated to four.
                    window = int(row["up_ms"]) + int(row["degraded_ms"]) + int(row["down_ms"])
                    good = window - int(row["down_ms"])
                    if window:
                        truncated = good * 1_000_000 // window
                        self.assertEqual(account["availability_percent"], f"{truncated // 10000}.{truncated % 10000:04d}")
        self.assertEqual(compared, 650)

        # A down record that the end of the log cut to nothing is no outage.
        expected = sorted((self.target(row["source"], row["site"], row["url"]), int(row["down_start_unix_ms"]),
                           int(row["down_end_unix_ms"])) for row in read("expected_down_intervals.csv.gz")
                          if row["down_start_unix_ms"] != row["down_end_unix_ms"])
        listed = self.ninesctl_json("outages")["outages"]
        found = sorted((entry["target_id"], int(entry["outage"]["start_ms"]), int(entry["outage"]["end_ms"])) for entry in listed)
        self.assertEqual(found, expected)

    # Worked out by hand from the log of `google` (and `worldclock`, checked by the same scheduler). A result holds for 3 h.
    #   2021-06: the first record is 06-10T08:38Z, the last before the 338-day hole 06-16T20:35Z, which holds to 23:35Z:
    #            6 d 14 h 57 min = 572 220 000 ms, less 16 min of one gap of 3 h 16 min. Coverage 22.03 %.
    #   2022-04: nothing at all. 30 d unknown.
    #   2022-05: the log goes on at 05-21T01:57Z; the month ends 10 d 22 h 3 min = 943 380 000 ms later, less 5 min of gaps. Coverage 35.21 %.
    #   2022-06: 117 min of gaps; coverage 99.72 %.
    HOLES = {
        ("google", "2021-06"): (571_260_000, 0, 2_020_740_000, "VERDICT_UNDETERMINED", 220_393),
        ("google", "2022-04"): (0, 0, 2_592_000_000, "VERDICT_UNDETERMINED", 0),
        ("google", "2022-05"): (943_080_000, 0, 1_735_320_000, "VERDICT_UNDETERMINED", 352_105),
        ("google", "2022-06"): (2_584_980_000, 0, 7_020_000, "VERDICT_MET", 997_291),
        # 2 571 960 000 / 2 584 920 000 = 99.4986 %; lower bound 2 571 960 000 / 2 592 000 000.
        ("worldclock", "2022-06"): (2_571_960_000, 12_960_000, 7_080_000, "VERDICT_BREACHED", 997_268),
    }

    def test_holes_are_unknown_with_a_hold_of_three_hours(self):
        self.load(["statsig_statuspage"], "3h")
        for (site, month), (good, bad, unknown, verdict, coverage) in self.HOLES.items():
            report = self.ninesctl_json("report", "--month", month)
            account = next(t for t in report["targets"] if t["target_id"].startswith(f"statsig_statuspage|{site}|"))["account"]
            with self.subTest(site=site, month=month):
                self.assertEqual((int(account["good_ms"]), int(account["bad_ms"]), int(account["unknown_ms"]),
                                  account["verdict"], int(account["coverage_ppm"])), (good, bad, unknown, verdict, coverage))
                year, number = map(int, month.split("-"))
                self.assertEqual(good + bad + unknown, calendar.monthrange(year, number)[1] * 86_400_000)

    def test_the_hand_worked_figures_follow_from_the_log(self):
        """The comment above HOLES, recounted from the raw rows without any of our code."""
        hold = 3 * 3600 * 1000
        times = sorted(int(row["unix_ms"]) for row in read("statsig_statuspage.csv.gz") if row["site"] == "google")
        for month in ("2021-06", "2022-05", "2022-06"):
            start = datetime.datetime.strptime(month + "+0000", "%Y-%m%z")
            end = start.replace(month=start.month + 1)
            start_ms, end_ms = (int(t.timestamp() * 1000) for t in (start, end))
            known = sum(max(0, min(b, a + hold, end_ms) - max(a, start_ms)) for a, b in zip(times, times[1:]))
            good, bad, unknown, _, _ = self.HOLES["google", month]
            self.assertEqual((known, end_ms - start_ms - known), (good + bad, unknown))


if __name__ == "__main__":
    main()
