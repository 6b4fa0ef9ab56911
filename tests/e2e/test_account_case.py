"""`ninesctl account --case` against a second implementation of SLA.md section 10, on random cases. NINES_SEED and NINES_CASES choose others."""

import datetime
import json
import os
import random
import subprocess

import sla_reference
from harness import BIN, PATIENCE_S, Case, main

MINUTE_MS, DAY_MS = 60_000, 86_400_000
# About the start of a month, most of them where clocks change.
PLACES = [("Europe/Zurich", 1743458400000), ("America/New_York", 1793505600000), ("Australia/Lord_Howe", 1743865200000),
          ("Asia/Shanghai", 1709222400000), ("Asia/Kolkata", 1767205800000), (None, 1735660800000)]


class Drawing:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.zone, self.base_ms = self.random.choice(PLACES)
        self.step_ms = self.random.choice([MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS])

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def time(self):
        return self.base_ms + self.random.randint(-36, 36) * self.step_ms + (self.random.randint(-1, 1) if self.one_in(4) else 0)

    def length(self, low, high):
        return self.random.randint(low, high) * self.step_ms

    def span(self):
        start_ms = self.time()
        # Now and then one that is refused.
        return {"start_ms": start_ms, "end_ms": start_ms + (self.random.randint(-1, 0) if self.one_in(150) else self.length(1, 20))}

    def hours(self):
        minute = self.random.choice([0, 23 * 60, self.random.randrange(24 * 60)])
        close = self.random.choice([24 * 60, self.random.randint(minute + 1, 24 * 60)])
        return {"open": f"{minute // 60:02}:{minute % 60:02}", "close": f"{close // 60:02}:{close % 60:02}"}

    def service_hours(self):
        calendar = sla_reference.Calendar({"time_zone": self.zone} if self.zone else {})
        day = calendar.local(self.base_ms).date()
        dates = [(day + datetime.timedelta(days=days)).isoformat() for days in range(-2, 3)]
        self.random.shuffle(dates)
        hours = {"closed_dates": dates[:self.random.randint(0, 2)],
                 "open_dates": [{"date": date, **self.hours()} for date in dates[2:self.random.randint(2, 5)]]}
        if not self.one_in(5):
            hours["weekly"] = [{"days": self.random.sample(sla_reference.DAYS, self.random.randint(1, 7)), **self.hours()}
                               for _ in range(self.random.randint(0, 3))]
        return hours

    def contract(self):
        contract = {"basis": self.random.choice(["observed", "declared", "either", "both"]),
                    "objective_ppm": self.random.choice([999_000, 500_000, 900_000, 1_000_000, 0]),
                    "degraded_counts_as": self.random.choice(["up", "down"]), "no_data": self.random.choice(["exclude", "down", "up"]),
                    "min_coverage_ppm": self.random.choice([900_000, 500_000, 0]),
                    "min_outage_ms": self.random.choice([0, self.length(1, 10)]),
                    "service_hours": self.random.choice([None, self.service_hours()]),
                    "maintenance": self.random.choice([None, {}, {"excluded": self.one_in(2), "notice_ms": self.length(0, 6)},
                                                       {"notice_ms": self.length(0, 6), "cap_ms_per_month": self.length(0, 30)}])}
        contract = {key: value for key, value in contract.items() if not self.one_in(4)}
        return {**contract, "time_zone": self.zone} if self.zone else contract

    def check(self, name):
        check = {"id": name, "results": [[self.time(), self.random.choice(["up", "up", "degraded", "down", "down", "stale"])]
                                         for _ in range(self.random.randint(0, 12))]}
        if not self.one_in(4):
            check["hold_ms"] = self.random.choice([None, self.length(0, 12)])
        if self.one_in(2):
            check["down_after"] = self.random.randint(1, 3)
        return check

    def inputs(self, names, depth):
        return [self.node(names, depth - 1) if depth and self.one_in(3) else self.random.choice(names) for _ in range(self.random.randint(1, 4))]

    def node(self, names, depth):
        node = {"inputs": self.inputs(names, depth)}
        if not self.one_in(4):
            node["down_when"] = self.random.choice(["any", "all", "majority", self.random.randint(1, len(node["inputs"])),
                                                    str(self.random.randint(1, len(node["inputs"])))])
        return node

    def target(self, names):
        target = self.node(names + ["nobody"], 2) if self.one_in(2) else {"down_when": self.random.choice(["any", "majority", "all"])}
        if self.one_in(3):
            target["in_service_from_ms"] = self.random.choice([None, self.time()])
        if self.one_in(3):
            target["in_service_to_ms"] = self.random.choice([None, (target.get("in_service_from_ms") or self.time()) + self.length(1, 60)])
        return target

    def facts(self, prefix, most):
        """Some under an id that was there before: those replace."""
        for _ in range(self.random.randint(0, most)):
            yield {"id": f"{prefix}-{self.random.randint(1, 4)}", **self.span()}

    def case(self):
        start_ms = self.time()
        period = {"start_ms": start_ms, "end_ms": start_ms + self.length(1, 60)}
        if self.one_in(2):
            period["now_ms"] = self.random.choice([None, period["end_ms"] + self.length(-40, 40)])
        names = [f"c{i}" for i in range(self.random.randint(0, 3))]
        case = {"period": period, "contract": self.contract(), "target": self.target(names), "checks": [self.check(name) for name in names],
                "declarations": list(self.facts("i", 3)), "maintenance": list(self.facts("m", 4)), "rulings": list(self.facts("r", 3))}
        for each in case["declarations"]:
            each["impact"] = self.random.choice(["down", "degraded"])
            if self.one_in(4):
                each["end_ms"] = None
        for each in case["maintenance"]:
            each["announced_ms"] = each["start_ms"] - self.random.choice([172_800_000, 172_799_999, self.length(-2, 12)])
            each["cancelled_ms"] = self.random.choice([None, each["start_ms"] + self.random.randint(-1, 1)])
        for each in case["rulings"]:
            each["state"] = self.random.choice(["up", "down", "excluded"])
            if self.one_in(3):
                each["revoked"] = self.one_in(2)
        return {key: value for key, value in case.items() if key == "period" or value or not self.one_in(3)}


class AccountCase(Case):
    def answer(self, case):
        done = subprocess.run([BIN / "ninesctl", "account", "--case", "-"], input=json.dumps(case), capture_output=True, text=True,
                              timeout=PATIENCE_S)
        return done.returncode, done.stdout if done.returncode == 0 else done.stderr

    def test_the_worked_examples(self):
        """Section 9: the second implementation, too, has to know them."""
        start_ms, length_ms = 1735660800000, 2_678_400_000
        at_ms = start_ms + 9 * DAY_MS
        for down_ms, announced_h, good, bad, excluded, shown, verdict in (
                (0, None, length_ms, 0, 0, "100.0000", "met"), (2_678_400, None, 2_675_721_600, 2_678_400, 0, "99.9000", "met"),
                (2_678_401, None, 2_675_721_599, 2_678_401, 0, "99.8999", "breached"),
                (3_600_000, 72, 2_671_200_000, 0, 7_200_000, "100.0000", "met"),
                (3_600_000, 24, 2_674_800_000, 3_600_000, 0, "99.8655", "breached")):
            case = {"period": {"start_ms": start_ms, "end_ms": start_ms + length_ms},
                    "checks": [{"id": "web", "hold_ms": None,
                                "results": [[start_ms, "up"]] + ([[at_ms, "down"], [at_ms + down_ms, "up"]] if down_ms else [])}]}
            if announced_h is not None:
                case["maintenance"] = [{"id": "m-1", "start_ms": at_ms - 1_800_000, "end_ms": at_ms + 5_400_000,
                                        "announced_ms": at_ms - 1_800_000 - announced_h * 3_600_000}]
            expected = {"good_ms": good, "bad_ms": bad, "excluded_ms": excluded, "availability_percent": shown, "verdict": verdict}
            code, text = self.answer(case)
            self.assertEqual(code, 0, text)
            for account in (json.loads(text), sla_reference.account(case)):
                self.assertEqual({key: account[key] for key in expected}, expected)

    def test_random_cases(self):
        first = int(os.environ.get("NINES_SEED", 1))
        refused = 0
        for seed in range(first, first + int(os.environ.get("NINES_CASES", 400))):
            case = Drawing(seed).case()
            with self.subTest(repeat=f"NINES_CASES=1 NINES_SEED={seed}", case=json.dumps(case)):
                code, text = self.answer(case)
                try:
                    expected = sla_reference.account(case)
                except sla_reference.Refused as refusal:
                    refused += 1
                    self.assertNotEqual(code, 0)
                    self.assertIn(f"'{refusal}'", text)
                    self.assertIn("end_ms", text)
                    continue
                self.assertEqual(code, 0, text)
                self.assertEqual(json.loads(text), expected)
        if "NINES_CASES" not in os.environ:
            self.assertGreater(refused, 0)


if __name__ == "__main__":
    main()
