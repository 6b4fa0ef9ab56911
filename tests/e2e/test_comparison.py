"""Declared against observed: what a provider did not tell, how late it told the rest, and what each basis comes to."""

import csv
import io
import time

from harness import Case, main

CATALOGUE = """
providers: [{id: cloud}, {id: other}]
contracts: [{id: gold, objective_ppm: 99.9%}]
targets: [{id: portal, provider: cloud, contract: gold}, {id: mail, provider: cloud, contract: gold}, {id: foreign, provider: other, contract: gold}]
checks: [{id: web, target: portal, hold: unlimited}, {id: smtp, target: mail, hold: unlimited}]
"""
START = 1777564800000  # 2026-05-01 in Asia/Shanghai
HOUR = 3600000
DOWN = START + 100 * HOUR
WEB = f"unix_ms,state\n{START},up\n{DOWN},down\n{DOWN + 2 * HOUR},up\n"
SMTP = f"unix_ms,state\n{START},up\n"
MAY = ("--month", "2026-05", "--provider", "cloud")


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


class Comparison(Case):
    def rows(self, show):
        return list(csv.DictReader(io.StringIO(self.ninesctl("compare", *MAY, "--show", show, "--format", "csv"))))

    def test_both_timelines_side_by_side(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.write("web.csv", WEB)
        self.write("smtp.csv", SMTP)
        self.replay("replay", "cloud", "- {name: w, replay: {files: [web.csv], results: {check: web}}}\n"
                                       "- {name: s, replay: {files: [smtp.csv], results: {check: smtp}}}\n")
        # Half an hour of the portal's two; an hour of mail that nobody saw.
        self.ninesctl("declare", "--target", "portal", "--id", "T-1", "--author", "wang", "--title", "power",
                      "--start", stamp(DOWN), "--end", stamp(DOWN + HOUR // 2), "--told", stamp(DOWN + HOUR // 6))
        self.ninesctl("declare", "--target", "mail", "--id", "T-2", "--author", "wang",
                      "--start", stamp(DOWN), "--end", stamp(DOWN + HOUR), "--told", stamp(DOWN + 2 * HOUR))
        told = self.ninesctl_json("compare", *MAY)
        (cloud,) = told["providers"]
        self.assertEqual((cloud["provider_id"], cloud["targets"], cloud["declarations"]), ("cloud", 2, 2))
        sums = {key: int(value) for key, value in cloud["time"].items()}
        self.assertEqual((sums["observed_down_ms"], sums["declared_down_ms"]), (2 * HOUR, 3 * HOUR // 2))
        self.assertEqual((sums["observed_not_declared_ms"], sums["declared_not_observed_ms"]), (3 * HOUR // 2, HOUR))
        self.assertEqual(cloud["told"], {"median_ms": str((HOUR // 6 + 2 * HOUR) // 2), "longest_ms": str(2 * HOUR), "after_end": 1})
        self.assertEqual(cloud["recorded"]["after_end"], 2)
        verdicts = {basis["basis"]: (basis["pooled"]["met"], basis["pooled"]["breached"]) for basis in cloud["bases"]}
        # An hour of a month is more than 99.9 % allow, half an hour is not.
        self.assertEqual(verdicts, {"observed": (1, 1), "declared": (1, 1), "either": (0, 2), "both": (2, 0)})
        portal = next(t for t in told["targets"] if t["target_id"] == "portal")
        (difference,) = portal["differences"]
        self.assertEqual((int(difference["start_ms"]), int(difference["end_ms"])), (DOWN + HOUR // 2, DOWN + 2 * HOUR))
        self.assertEqual([(c["check_id"], c["result"], int(c["result_time_ms"])) for c in difference["checks"]], [("web", "down", DOWN)])
        # The report has the same numbers.
        report = {t["target_id"]: t for t in self.ninesctl_json("report", *MAY)["targets"]}
        for target in told["targets"]:
            of_report = report[target["target_id"]]
            self.assertEqual(target["bases"][0]["account"], of_report["account"])
            self.assertEqual(target["time"]["observed_not_declared_ms"], of_report["observed_not_declared_ms"])
            self.assertEqual(target["time"]["declared_not_observed_ms"], of_report["declared_not_observed_ms"])
        by_http = self.connect("ComparisonService", "CompareDeclarations", {"month": "2026-05", "provider_id": "cloud"})
        self.assertEqual(by_http["targets"], told["targets"])

        english = self.ninesctl("--lang", "en", "compare", *MAY)
        for words in ("NOT DECLARED", "1h30m", "RECORDED AFTER (MEDIAN)", "web down", "declaration operator/T-2", "* counts by the contract"):
            self.assertIn(words, english)
        # Met, breached, undetermined, not applicable, worst: in both tables that have pooled figures.
        either = next(line for line in english.splitlines() if line.startswith("cloud") and "either" in line)
        self.assertEqual(either.split()[-5:], ["0", "2", "0", "0", "portal"])
        by_provider = self.ninesctl("--lang", "en", "report", *MAY, "--by", "provider").splitlines()
        self.assertEqual(next(line for line in by_provider if line.startswith("cloud")).split()[-5:], ["1", "1", "0", "0", "portal"])
        chinese = self.ninesctl("--lang", "zh", "compare", *MAY)
        for words in ("实测未申报", "登记延迟（中位）", "差异区间", "从宽（二者）"):
            self.assertIn(words, chinese)
        self.assertNotIn("NOT DECLARED", self.ninesctl("--lang", "en", "compare", *MAY, "--show", "declarations"))

        (row,) = self.rows("providers")
        self.assertEqual((row["provider"], row["observed_not_declared_ms"], row["told_after_end"], row["either_breached"]), ("cloud", "5400000", "1", "2"))
        rows = {row["target"]: row for row in self.rows("targets")}
        self.assertEqual((rows["portal"]["observed_bad_ms"], rows["portal"]["both_bad_ms"], rows["mail"]["declared_verdict"]), ("7200000", "1800000", "breached"))
        self.assertEqual({row["kind"]: row["target"] for row in self.rows("differences")},
                         {"observed_not_declared": "portal", "declared_not_observed": "mail"})
        self.assertEqual([(row["declaration"], row["told_ms"]) for row in self.rows("declarations")],
                         [("operator/T-2", str(DOWN + 2 * HOUR)), ("operator/T-1", str(DOWN + HOUR // 6))])
        self.assertIn("add --show", self.ninesctl("compare", *MAY, "--format", "csv", expect=2))
        self.assertIn("needs a period", self.ninesctl("compare", expect=2))
        self.assertIn("nobody", self.ninesctl("compare", "--month", "2026-05", "--provider", "nobody", expect=1))

    def test_more_targets_than_a_page(self):
        targets = ", ".join(f"{{id: t{i:03}, provider: cloud}}" for i in range(250))
        self.write("catalogue.yaml", f"providers: [{{id: cloud}}]\ntargets: [{targets}]\n")
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.ninesctl("declare", "--provider", "cloud", "--id", "T", "--author", "wang", "--start", stamp(DOWN), "--end", stamp(DOWN + HOUR))
        told = self.ninesctl_json("compare", "--month", "2026-05")
        self.assertEqual([t["target_id"] for t in told["targets"]], [f"t{i:03}" for i in range(250)])
        (cloud,) = told["providers"]
        self.assertEqual((cloud["targets"], cloud["declarations"], cloud["time"]["declared_not_observed_ms"]), (250, 1, str(250 * HOUR)))


if __name__ == "__main__":
    main()
