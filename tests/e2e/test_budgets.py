"""Where an operator looks: how fast a budget goes, when it ends, and what the month is credited so far, on /metrics and in what the page asks for."""

import datetime
import re
import time

from harness import Case, eventually, main

CATALOGUE = """
providers: [{id: cloud}]
contracts:
- {id: gold, objective_ppm: 99.9%, min_coverage_ppm: 0%, credits: [{below_ppm: 100%, credit_ppm: 10%}]}
- {id: plain}
targets: [{id: portal, provider: cloud, contract: gold, monthly_fee_fen: 123457}, {id: calm, provider: cloud, contract: plain}]
checks: [{id: web, target: portal, hold: unlimited}, {id: ok, target: calm, hold: unlimited}]
"""
MINUTE = 60000
WINDOWS = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320}  # minutes


class Budgets(Case):
    def metrics(self, name):
        """{labels without target: value} by target."""
        found = {}
        for labels, value in re.findall(rf"^{name}{{(.*)}} (\S+)$", self.http("/metrics"), re.M):
            pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            found.setdefault(pairs.pop("target"), {})[pairs.get("window", "")] = float(value)
        return found

    def test_what_burns_is_seen(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        # Down for the last two minutes, and still so.
        now = int(time.time() * 1000)
        self.write("web.csv", f"unix_ms,state\n{now - 10 * 24 * 60 * MINUTE},up\n{now - 2 * MINUTE},down\n")
        self.write("ok.csv", f"unix_ms,state\n{now - 10 * 24 * 60 * MINUTE},up\n")
        self.replay("replay", "cloud", "- {name: w, replay: {files: [web.csv], results: {check: web}}}\n"
                                       "- {name: o, replay: {files: [ok.csv], results: {check: ok}}}\n")
        burn = eventually(lambda: self.metrics("nines_target_error_budget_burn_rate"), "there are burn rates")
        spent_min = (time.time() * 1000 - now) / MINUTE + 2
        self.assertEqual(set(burn["portal"]), set(WINDOWS))
        for window, minutes in WINDOWS.items():
            self.assertAlmostEqual(burn["portal"][window], 1000 * min(spent_min / minutes, 1), delta=500 / minutes, msg=window)
            self.assertEqual(burn["calm"][window], 0)

        # The same in what the page asks for, a moment later.
        (calm, portal) = self.connect("AvailabilityService", "ListTargets", {})["targets"]
        self.assertEqual([int(rate["window_ms"]) for rate in portal["spending"]["burn_rates"]], [m * MINUTE for m in WINDOWS.values()])
        end = self.metrics("nines_target_error_budget_end_timestamp_seconds")
        self.assertNotIn("calm", end)
        self.assertNotIn("budget_ends_time", calm["spending"])
        # Within the last hours of a month it would outlast it.
        self.assertEqual("portal" in end, "budget_ends_time" in portal["spending"])
        if "portal" in end:
            told = datetime.datetime.fromisoformat(portal["spending"]["budget_ends_time"].split(".")[0].rstrip("Z") + "+00:00").timestamp()
            self.assertAlmostEqual(end["portal"][""], told, delta=7200)
            self.assertGreater(end["portal"][""], time.time())
        # Anything below 100 % is credited with a tenth of the fee; without tiers there is no credit.
        self.assertEqual(self.metrics("nines_target_month_credit_ratio"), {"portal": {"": 0.1}})
        self.assertEqual(self.metrics("nines_target_month_credit_fen"), {"portal": {"": 12345}})
        for path in ("/page.js", "/texts.js"):
            self.assertIn("burn", self.http(path))


if __name__ == "__main__":
    main()
