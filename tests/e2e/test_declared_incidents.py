"""Real incidents from vendors' status pages through a drop folder: what is impossible is refused line by line, the rest gives accounts that partition every month."""

import csv
import datetime
import gzip
import io
import json
import re

from harness import DATA, Case, main

IMPACT = {"critical": "down", "major": "down", "minor": "degraded", "medium": "degraded", "none": "none", "low": "none",
          "SERVICE_OUTAGE": "down", "SERVICE_DISRUPTION": "degraded", "SERVICE_INFORMATION": "none"}
OFFSET = {"PDT": "-07:00", "PST": "-08:00"}
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d{1,2}:\d\d:\d\d[+-]\d\d:00")  # an hour of one digit can be meant in one way only


def read(name):
    with gzip.open(DATA / "incidents" / name, "rt", newline="") as file:
        return file.read()


def atlas():
    for row in csv.DictReader(io.StringIO(read("atlas.csv.gz"))):
        line = {"kind": "incident", "id": f"{row['provider']}/{row['incident_id']}", "target": row["provider"],
                "start": int(row["start_unix_ms"]), "end": int(row["end_unix_ms"]) if row["end_unix_ms"] else None}
        if row["severity"] == "maintenance":
            line["kind"] = "maintenance"
        else:
            line["impact"] = IMPACT[row["severity"]]
        yield line


def gcp():
    for row in map(json.loads, read("gcp_incidents.jsonl.gz").splitlines()):
        yield {"kind": "incident", "id": row["id"], "target": "gcp-archive", "start": row["begin_unix_ms"], "end": row["end_unix_ms"],
               "told": row["created_unix_ms"], "impact": IMPACT[row["status_impact"]], "title": row["service_name"]}


def labels():
    for row in csv.DictReader(io.StringIO(read("gcp_labels.csv.gz"))):
        time = lambda text: text.replace(" ", "T") + OFFSET.get(row["timezone"], "")
        yield {"kind": "incident", "id": row["row"], "target": "gcp-labels", "start": time(row["start_local"]), "end": time(row["end_local"]),
               "impact": "down"}


def span(line):
    """[start, end) in ms, end None while it lasts; None for what is no span."""
    times = []
    for key in ("start", "end"):
        value = line[key]
        if isinstance(value, str):
            if not LOCAL.fullmatch(value):
                return None
            value = int(datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").timestamp() * 1000)
        times.append(value)
    if times[1] is None and line["kind"] == "maintenance":
        return None
    return tuple(times) if times[1] is None or times[1] > times[0] else None


def declared_ms(spans, start, end):
    """Down and degraded milliseconds of [start, end) by counting at every edge."""
    inside = [(max(s, start), min(e if e is not None else end, end), impact) for s, e, impact in spans]
    inside = [(s, e, impact) for s, e, impact in inside if s < e]
    edges = sorted({t for s, e, _ in inside for t in (s, e)})
    sums = {"down": 0, "degraded": 0}
    for a, b in zip(edges, edges[1:]):
        impacts = {impact for s, e, impact in inside if s <= a and b <= e}
        if impacts:
            sums["down" if "down" in impacts else "degraded"] += b - a
    return sums["down"], sums["degraded"]


class DeclaredIncidents(Case):
    def test_every_month_is_partitioned(self):
        files = {"atlas": list(atlas()), "gcp": list(gcp()), "labels": list(labels())}
        targets = sorted({line["target"] for lines in files.values() for line in lines})
        self.assertEqual(len(targets), 14)
        self.write("catalogue.yaml", json.dumps({
            "providers": [{"id": "vendors"}], "contracts": [{"id": "told", "time_zone": "UTC", "basis": "declared"}],
            "targets": [{"id": target, "provider": "vendors", "contract": "told"} for target in targets]}))
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        for name, lines in files.items():
            self.write(f"drop/{name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        self.replay("desk", "vendors", "- {name: pages, interval: 100ms, drop: {directory: drop, settle: 1ms}}\n")

        # What cannot be is refused, each with its reason; nothing else is.
        spans = {target: [] for target in targets}
        refused = {}
        for name, lines in files.items():
            path = self.folder / f"drop/rejected/{name}.jsonl.rejected.jsonl"
            entries = list(map(json.loads, path.read_text().splitlines())) if path.exists() else []
            reasons = {entry["line"]: entry["reason"] for entry in entries}
            self.assertEqual(len(reasons), len(entries))
            refused[name] = reasons
            for number, line in enumerate(lines, 1):
                times = span(line)
                self.assertEqual(number in reasons, times is None, (line, reasons.get(number)))
                if times is not None and line.get("impact", "none") != "none":
                    spans[line["target"]].append((*times, line["impact"]))
                elif times is None:
                    self.assertRegex(reasons[number], r"end|start|time", line)
        # 466 end at their start, 11 windows are open; of the labels 81 have an unknown time, one another form of a date, 3 end before they start.
        self.assertEqual({name: len(reasons) for name, reasons in refused.items()}, {"atlas": 477, "gcp": 0, "labels": 85})
        backwards = [r for r in refused["labels"].values() if "at or before its start" in r or "not after" in r]
        self.assertGreaterEqual(len(backwards), 3, sorted(set(refused["labels"].values()))[:5])
        facts = self.connect("LedgerService", "ListFacts", {"kinds": ["declaration", "maintenance"], "page_size": 1000})
        self.assertEqual(len(facts["facts"]), 1000)

        # Every month that has an incident, and the last one of the log that lasts.
        months = sorted({datetime.datetime.fromtimestamp(s / 1000, datetime.timezone.utc).strftime("%Y-%m") for all_ in spans.values() for s, _, _ in all_})
        self.assertGreater(len(months), 70)
        counted = 0
        for month in months:
            report = self.connect("ReportService", "GetReport", {"month": month})
            self.assertEqual(len(report["targets"]), len(targets))
            for target in report["targets"]:
                start, end, account = int(target["period_start_ms"]), int(target["accounted_to_ms"]), target["account"]
                parts = {part: int(account[part]) for part in ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "excluded_ms")}
                self.assertEqual(sum(parts.values()), end - start, (month, target["target_id"]))
                self.assertEqual((parts["down_ms"], parts["degraded_ms"]), declared_ms(spans[target["target_id"]], start, end), (month, target["target_id"]))
                counted += parts["down_ms"] + parts["degraded_ms"] > 0
        self.assertGreater(counted, 300)


if __name__ == "__main__":
    main()
