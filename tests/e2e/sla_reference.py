"""SLA.md section 10 once more, written from the page alone: a case file's account, asked stretch by stretch. Slow and plain, to compare with."""

import datetime
import zoneinfo

UTC = datetime.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOUR_MS = 3_600_000


class Refused(Exception):
    """The case is impossible; the message names the span."""


def in_force(facts):
    """Recorded again under the same id a fact replaces the earlier one from then on."""
    kept = []
    for fact in facts:
        kept = [each for each in kept if fact.get("id") is None or each.get("id") != fact.get("id")] + [fact]
    return kept


class Check:
    def __init__(self, check, now_ms):
        self.hold_ms = check.get("hold_ms", 45_000)
        by_time = {}
        for time_ms, state in check.get("results", []):
            if time_ms <= now_ms:
                by_time[time_ms] = state
        self.results = sorted(by_time.items())
        self.counts = {}
        row = []
        for time_ms, state in self.results + [(None, "up")]:
            if state == "down":
                row.append(time_ms)
            elif state != "stale":
                self.counts.update({each: len(row) >= check.get("down_after", 1) for each in row})
                row = []

    def edges(self):
        for time_ms, _ in self.results:
            yield time_ms
            if self.hold_ms is not None:
                yield time_ms + self.hold_ms

    def state(self, time_ms):
        before = [result for result in self.results if result[0] <= time_ms]
        if not before or before[-1][1] == "stale":
            return "unknown"
        at_ms, state = before[-1]
        if self.hold_ms is not None and time_ms >= at_ms + self.hold_ms:
            return "unknown"
        return "up" if state == "down" and not self.counts[at_ms] else state


def combine(node, checks, time_ms):
    if isinstance(node, str):
        return checks[node].state(time_ms) if node in checks else "unknown"
    states = [combine(each, checks, time_ms) for each in node["inputs"]]
    n, rule = len(states), node.get("down_when", "any")
    if n == 0:
        return "unknown"
    k = {"any": 1, "all": n, "majority": n // 2 + 1}.get(rule) or int(rule)
    down, unknown = states.count("down"), states.count("unknown")
    if down >= k:
        return "down"
    if n - down - unknown > n - k:
        return "degraded" if "degraded" in states else "up"
    return "unknown"


class Calendar:
    def __init__(self, contract):
        self.zone = zoneinfo.ZoneInfo(contract.get("time_zone", "Asia/Shanghai"))
        self.hours = contract.get("service_hours")
        self.open_dates = {}
        for each in (self.hours or {}).get("open_dates", []):
            self.open_dates.setdefault(each["date"], []).append(each)

    def local(self, time_ms):
        return datetime.datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(self.zone)

    @staticmethod
    def minutes(text):
        return int(text[:2]) * 60 + int(text[3:])

    def hours_on(self, date):
        name = date.isoformat()
        if name in self.open_dates:
            spans = self.open_dates[name]
        elif name in self.hours.get("closed_dates", []):
            spans = []
        elif "weekly" in self.hours:
            spans = [each for each in self.hours["weekly"] if DAYS[date.weekday()] in each["days"]]
        else:
            spans = [{}]
        return [(self.minutes(each.get("open", "00:00")), self.minutes(each.get("close", "24:00"))) for each in spans]

    def is_open(self, time_ms):
        if self.hours is None:
            return True
        clock = self.local(time_ms)
        minute = clock.hour * 60 + clock.minute
        return any(first <= minute < last for first, last in self.hours_on(clock.date()))

    def month(self, time_ms):
        clock = self.local(time_ms)
        return clock.year, clock.month

    def edges(self, start_ms, end_ms):
        """Every half hour of UTC, where clocks change and most days begin, and every minute at which hours open or close."""
        yield from range(start_ms // (HOUR_MS // 2) * (HOUR_MS // 2), end_ms, HOUR_MS // 2)
        if self.hours is None:
            return
        date, last = self.local(start_ms).date(), self.local(end_ms).date()
        while date <= last:
            for minute in {minute for span in self.hours_on(date) for minute in span}:
                if minute < 24 * 60:
                    for fold in (0, 1):
                        clock = datetime.datetime(date.year, date.month, date.day, minute // 60, minute % 60, tzinfo=self.zone, fold=fold)
                        yield int(clock.timestamp()) * 1000
            date += datetime.timedelta(days=1)


def worse(a, b):
    return max(a, b, key=["up", "degraded", "down"].index)


def milder(a, b):
    return min(a, b, key=["up", "degraded", "down"].index)


def by_basis(basis, observed, declared):
    if basis == "observed":
        return observed
    if basis == "declared":
        return declared
    if observed == "unknown":
        return "unknown" if declared == "up" else declared
    return worse(observed, declared) if basis == "either" else milder(observed, declared)


def spans_of(pieces):
    """[(start, end, state)] with neighbours of one state joined."""
    spans = []
    for start_ms, end_ms, state in pieces:
        if spans and spans[-1][2] == state:
            spans[-1] = (spans[-1][0], end_ms, state)
        else:
            spans.append((start_ms, end_ms, state))
    return spans


class Case:
    def __init__(self, case):
        self.period = case["period"]
        self.now_ms = self.period.get("now_ms")
        if self.now_ms is None:
            self.now_ms = self.period["end_ms"]
        self.contract = case.get("contract", {})
        self.target = case.get("target", {})
        self.checks = {check["id"]: Check(check, self.now_ms) for check in case.get("checks", [])}
        self.root = {"down_when": self.target.get("down_when", "any"), "inputs": self.target.get("inputs", list(self.checks))}
        for kind in ("declarations", "maintenance", "rulings"):
            for fact in case.get(kind, []):
                if fact.get("end_ms") is not None and fact["end_ms"] <= fact["start_ms"]:
                    raise Refused(fact["id"])
        self.declarations = in_force(case.get("declarations", []))
        self.maintenance = in_force(case.get("maintenance", []))
        self.rulings = [ruling for ruling in in_force(case.get("rulings", [])) if not ruling.get("revoked", False)]
        self.calendar = Calendar(self.contract)
        self.terms = {"excluded": True, "notice_ms": 172_800_000, "cap_ms_per_month": None, **(self.contract.get("maintenance") or {})}
        self.used_ms = {}

    def pieces(self):
        facts = self.declarations + self.maintenance + self.rulings
        edges = {self.period["start_ms"], self.period["end_ms"], self.now_ms}
        edges |= {edge for check in self.checks.values() for edge in check.edges()}
        edges |= {fact[key] for fact in facts for key in ("start_ms", "end_ms") if fact.get(key) is not None}
        edges |= {self.target[key] for key in ("in_service_from_ms", "in_service_to_ms") if self.target.get(key) is not None}
        start_ms = min(edge for edge in edges)
        edges |= set(self.calendar.edges(start_ms, self.now_ms))
        edges = sorted(edge for edge in edges if start_ms <= edge <= self.now_ms)
        return list(zip(edges, edges[1:]))

    def observed(self, pieces):
        spans = spans_of((start_ms, end_ms, combine(self.root, self.checks, start_ms)) for start_ms, end_ms in pieces)
        forgiven = []
        for i, (start_ms, end_ms, state) in enumerate(spans):
            between = 0 < i < len(spans) - 1 and {spans[i - 1][2], spans[i + 1][2]} <= {"up", "degraded"}
            short = end_ms - start_ms < self.contract.get("min_outage_ms", 0)
            forgiven.append((start_ms, end_ms, "up" if state == "down" and between and short else state))
        return [next(state for first, last, state in forgiven if first <= start_ms < last) for start_ms, _ in pieces]

    def declared(self, time_ms):
        state = "up"
        for each in self.declarations:
            if each["start_ms"] <= time_ms and (each.get("end_ms") is None or time_ms < each["end_ms"]):
                state = worse(state, each["impact"])
        return state

    def in_maintenance(self, time_ms):
        return self.terms["excluded"] and any(
            each["start_ms"] <= time_ms < each["end_ms"]
            and each["start_ms"] - each["announced_ms"] >= self.terms["notice_ms"]
            and (each.get("cancelled_ms") is None or each["cancelled_ms"] >= each["start_ms"])
            for each in self.maintenance)

    def classes(self, start_ms, end_ms, state):
        """What the stretch is, as one piece or as two where a cap is used up."""
        service_from, service_to = self.target.get("in_service_from_ms"), self.target.get("in_service_to_ms")
        if (service_from is not None and start_ms < service_from) or (service_to is not None and start_ms >= service_to):
            return [(start_ms, end_ms, "excluded")]
        if not self.calendar.is_open(start_ms):
            return [(start_ms, end_ms, "excluded")]
        ruled = [each["state"] for each in self.rulings if each["start_ms"] <= start_ms < each["end_ms"]]
        if ruled:
            return [(start_ms, end_ms, ruled[-1])]
        if not self.in_maintenance(start_ms):
            return [(start_ms, end_ms, state)]
        cap_ms = self.terms["cap_ms_per_month"]
        if cap_ms is None:
            return [(start_ms, end_ms, "excluded")]
        month = self.calendar.month(start_ms)
        taken_ms = min(end_ms - start_ms, cap_ms - self.used_ms.get(month, 0))
        self.used_ms[month] = self.used_ms.get(month, 0) + taken_ms
        return [(start_ms, start_ms + taken_ms, "excluded"), (start_ms + taken_ms, end_ms, state)]

    def account(self):
        pieces = self.pieces()
        basis = self.contract.get("basis", "observed")
        accounted = []
        for (start_ms, end_ms), observed in zip(pieces, self.observed(pieces)):
            accounted += self.classes(start_ms, end_ms, by_basis(basis, observed, self.declared(start_ms)))
        accounted = [piece for piece in accounted if piece[0] < piece[1]]
        first_ms, last_ms = self.period["start_ms"], min(self.period["end_ms"], self.now_ms)
        sums = dict.fromkeys(("up", "degraded", "down", "unknown", "excluded"), 0)
        for start_ms, end_ms, state in accounted:
            sums[state] += max(0, min(end_ms, last_ms) - max(start_ms, first_ms))
        bad_states = {"down"} | ({"degraded"} if self.contract.get("degraded_counts_as", "up") == "down" else set())
        outages = [{"start_ms": start_ms, "end_ms": end_ms}
                   for start_ms, end_ms, bad in spans_of((start, end, state in bad_states) for start, end, state in accounted)
                   if bad and max(start_ms, first_ms) < min(end_ms, last_ms)]
        return self.judged(sums, bad_states) | {"outages": outages}

    def judged(self, sums, bad_states):
        bad = sum(sums[state] for state in bad_states)
        good, unknown = sums["up"] + sums["degraded"] + sums["down"] - bad, sums["unknown"]
        scheduled = good + bad + unknown
        no_data = self.contract.get("no_data", "exclude")
        counted = good + (unknown if no_data == "up" else 0)
        of = counted + bad + (unknown if no_data == "down" else 0)

        def percent(part, whole):
            return f"{part * 1_000_000 // whole // 10_000}.{part * 1_000_000 // whole % 10_000:04}" if whole else None

        objective, million = self.contract.get("objective_ppm", 999_000), 1_000_000
        if scheduled == 0:
            verdict = "not_applicable"
        elif of > 0 and (good + bad) * million >= self.contract.get("min_coverage_ppm", 900_000) * scheduled:
            verdict = "met" if counted * million >= objective * of else "breached"
        elif good * million >= objective * scheduled:
            verdict = "met"
        else:
            verdict = "breached" if (good + unknown) * million < objective * scheduled else "undetermined"
        return {**{f"{state}_ms": sums[state] for state in sums}, "good_ms": good, "bad_ms": bad,
                "coverage_ppm": (good + bad) * million // scheduled if scheduled else 0,
                "availability_percent": percent(counted, of), "lower_percent": percent(good, scheduled),
                "upper_percent": percent(good + unknown, scheduled), "verdict": verdict}


def account(case):
    """The answer to a case as SLA.md section 10 has it, or Refused."""
    return Case(case).account()
