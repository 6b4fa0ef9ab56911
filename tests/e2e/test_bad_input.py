"""Broken catalogues, configs, replay files and stream messages: each error names the place and what to do, and nothing that was there is lost."""

import subprocess
import time

from harness import BIN, PATIENCE_S, Case, eventually, main, yaml_text
import grpc
from nines.v1 import ingest_pb2, ingest_pb2_grpc

GOOD = """
providers: [{id: cloud}, {id: other}]
targets: [{id: portal, provider: cloud}, {id: foreign, provider: other}]
checks: [{id: web, target: portal, interval: 15s, hold: unlimited}]
"""
BASE_MS = 1777564800000  # 2026-05-01 in Shanghai
NOW_MS = int(time.time() * 1000)

# What is wrong: (catalogue, what the message must hold). The place is file:line:column.
CATALOGUES = {
    "not YAML": ("targets: [", ["bad.yaml:1:"]),
    "unknown section": ("target:\n- {id: a, provider: cloud}\n", ["bad.yaml:1:1", "targets"]),
    "unknown field": ("checks:\n- id: c\n  target: portal\n  hodl: 45s\n", ["bad.yaml:4:3", "hodl", "hold"]),
    "key given twice": ("providers:\n- id: a\n  id: b\n", ["bad.yaml:3:3", "twice"]),
    "bad duration": ("checks:\n- {id: c, target: portal, hold: 3 hours}\n", ["bad.yaml:2:", "3 hours", "15s"]),
    "bad percentage": ("contracts:\n- {id: c, objective_ppm: 101%}\n", ["bad.yaml:2:", "101%"]),
    "bad zone": ("contracts:\n- {id: c, time_zone: Mars/Olympus}\n", ["bad.yaml:2:", "Mars/Olympus"]),
    "bad basis": ("contracts:\n- {id: c, basis: guessed}\n", ["bad.yaml:2:", "guessed", "observed"]),
    "missing id": ("targets:\n- {provider: cloud}\n", ["bad.yaml:2:", "id"]),
    "id stands twice": ("providers:\n- {id: x}\n- {id: x}\n", ["bad.yaml:3:", "x"]),
    "dangling provider": ("targets:\n- {id: t, provider: nobody}\n", ["bad.yaml:2:", "nobody"]),
    "dangling check": ("targets:\n- id: t\n  provider: cloud\n  inputs:\n  - web\n  - nothing\n", ["bad.yaml:6:5", "nothing"]),
    "circle of targets": ("targets:\n- {id: a, provider: cloud, inputs: [{target: b}]}\n- {id: b, provider: cloud, inputs: [{target: a}]}\n",
                          ["bad.yaml:", "a → b → a"]),
    "more down than inputs": ("targets:\n- {id: t, provider: cloud, down_when: 3, inputs: [web]}\n", ["bad.yaml:2:", "3"]),
    "wrong type": ("checks:\n- {id: c, target: portal, down_after: many}\n", ["bad.yaml:2:", "many"]),
}

# (config, what the message must hold) for `ninesd --check-config`.
DAEMON_CONFIGS = {
    "unknown field": ("grpc_listen: 127.0.0.1:0\ndatadir: /x\n", ["bad.yaml:2:1", "datadir", "data_dir"]),
    "bad address": ("grpc_listen: localhost\n", ["bad.yaml:1:", "localhost"]),
    "open to the world without TLS": ("grpc_listen: 0.0.0.0:9460\n", ["bad.yaml:1:", "tls"]),
    "unknown log level": ("log: {level: loud}\n", ["bad.yaml:1:", "loud", "info"]),
    "negative queue": ("ingest:\n  queue_batches_max: -1\n", ["bad.yaml:2:", "-1"]),
    "missing certificate": ("tls: {cert_file: no.pem, key_file: no.key}\n", ["no.pem"]),
}

# For `nines-collector --check-config`; the head has 3 lines.
COLLECTOR_HEAD = "collector_id: c\nprovider_id: cloud\ndaemon: 127.0.0.1:1\n"
COLLECTOR_CONFIGS = {
    "no sources": ("", ["source"]),
    "source without a kind": ("sources:\n- name: x\n", ["bad.yaml:5:", "scrape"]),
    "two kinds in one source": ("sources:\n- name: x\n  drop: {directory: d}\n  scrape: {urls: ['http://h/']}\n", ["bad.yaml:", "scrape", "drop"]),
    "bad URL": ("sources:\n- name: x\n  scrape: {urls: ['ftp://h/']}\n", ["ftp://h/", "http"]),
    "bad regex": ("sources:\n- name: x\n  probe:\n    targets: [{check: c, http: {url: 'http://h/', body_match: '('}}]\n", ["body_match"]),
}

REPLAYS = {
    "no such column": ("time,state\n1,up\n", ["bad.csv", "unix_ms"]),
    "time that is no number": (f"unix_ms,state\nyesterday,up\n{BASE_MS + 1000},up\n", ["bad.csv:2", "yesterday"]),
    "unknown state": (f"unix_ms,state\n{BASE_MS},sleeping\n", ["bad.csv:2", "sleeping", "degraded"]),
    "row that is too short": (f"unix_ms,state\n{BASE_MS}\n", ["bad.csv:2"]),
    "quote that never ends": (f'unix_ms,state\n{BASE_MS},"up\n', ["bad.csv:2"]),
}


def batch(sequence=1, **fields):
    return ingest_pb2.PushRequest(batch=ingest_pb2.Batch(sequence=sequence, **fields))


HELLO = ingest_pb2.PushRequest(hello=ingest_pb2.Hello(collector_id="py", provider_id="cloud", epoch=1))
LABELS = [ingest_pb2.SeriesRegistration(labels=[ingest_pb2.Label(name="__name__", value="m")])]

# (messages, gRPC code, words): the stream ends with an error.
STREAM_ERRORS = {
    "batch before hello": ([batch()], grpc.StatusCode.INVALID_ARGUMENT, ["hello"]),
    "hello twice": ([HELLO, HELLO], grpc.StatusCode.INVALID_ARGUMENT, ["hello"]),
    "no collector id": ([ingest_pb2.PushRequest(hello=ingest_pb2.Hello(provider_id="cloud", epoch=1))], grpc.StatusCode.INVALID_ARGUMENT, ["collector_id"]),
    "unknown provider": ([ingest_pb2.PushRequest(hello=ingest_pb2.Hello(collector_id="py", provider_id="nobody", epoch=1))],
                         grpc.StatusCode.FAILED_PRECONDITION, ["nobody", "apply"]),
    "sequence runs backwards": ([HELLO, batch(5), batch(4)], grpc.StatusCode.INVALID_ARGUMENT, ["4", "5"]),
    "sequence zero": ([HELLO, batch(0)], grpc.StatusCode.INVALID_ARGUMENT, ["sequence"]),
}

# (batch fields, reason, words): the batch is acknowledged, what was refused is answered.
REFUSALS = {
    "series never registered": (dict(rows=[ingest_pb2.Row(time_ms=NOW_MS, series=[7], values=[1])]), "MALFORMED", ["7"]),
    "columns of different length": (dict(register_series=LABELS, rows=[ingest_pb2.Row(time_ms=NOW_MS, series=[0], values=[1, 2])]), "MALFORMED", ["1", "2"]),
    "bad label name": (dict(register_series=[ingest_pb2.SeriesRegistration(labels=[ingest_pb2.Label(name="9-x", value="m")])],
                            rows=[ingest_pb2.Row(time_ms=NOW_MS, values=[1])]), "MALFORMED", ["9-x"]),
    "somebody else's provider label": (dict(register_series=[ingest_pb2.SeriesRegistration(labels=[
        ingest_pb2.Label(name="__name__", value="m"), ingest_pb2.Label(name="provider", value="other")])],
        rows=[ingest_pb2.Row(time_ms=NOW_MS, values=[1])]), "NOT_ALLOWED", ["other"]),
    "sample too old": (dict(register_series=LABELS, rows=[ingest_pb2.Row(time_ms=1000, values=[1])]), "TOO_OLD", ["late_window"]),
    "sample too far ahead": (dict(register_series=LABELS, rows=[ingest_pb2.Row(time_ms=4102444800000, values=[1])]), "TOO_FAR_AHEAD", ["ahead_window"]),
    "unknown result state": (dict(register_checks=["web"], results=[ingest_pb2.CheckResults(check=0, time_delta_ms=[NOW_MS], states=[9])]), "MALFORMED", ["9"]),
    "declaration that ends before it starts": (dict(declarations=[dict(
        source="s", id="d-1", scope=dict(target_id="portal"), start_time=dict(seconds=100), end_time=dict(seconds=99), impact=3)]), "INVALID_FACT", ["d-1"]),
    "declaration about nobody": (dict(declarations=[dict(
        source="s", id="d-2", scope=dict(target_id="ghost"), start_time=dict(seconds=100), impact=3)]), "INVALID_FACT", ["ghost"]),
    "declaration about another provider": (dict(declarations=[dict(
        source="s", id="d-3", scope=dict(target_id="foreign"), start_time=dict(seconds=100), impact=3)]), "NOT_ALLOWED", ["foreign"]),
}


class BadInput(Case):
    def setUp(self):
        super().setUp()
        self.write("catalogue.yaml", GOOD)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.write("good.csv", f"unix_ms,state\n{BASE_MS},up\n{BASE_MS + 60000},down\n{BASE_MS + 120000},up\n{BASE_MS + 31 * 86400000},stale\n")
        self.replay("good", "cloud", "- name: good\n  replay: {files: [good.csv], results: {check: web}}\n")
        self.ninesctl("declare", "--target", "portal", "--id", "INC-1", "--start", "2026-05-01T00:01:00+08:00",
                      "--end", "2026-05-01T00:02:00+08:00", "--author", "tester")
        self.before = self.everything()

    def everything(self):
        report = self.ninesctl_json("report", "--month", "2026-05")
        report.pop("generated_time")
        facts = self.connect("LedgerService", "ListFacts", {"include_replaced": True, "page_size": 1000})
        results = self.ninesctl("query", 'nines_check_result{check="web"}', "--from", "2026-05-01T00:00:00+08:00", "--to",
                                "2026-07-01T00:00:00+08:00", "--format", "csv")
        return report, facts, results

    def tearDown(self):
        self.assertEqual(self.everything(), self.before, "something that was there before has changed")

    def holds(self, words, message):
        for word in words:
            self.assertIn(word, message)

    def test_catalogues(self):
        for what, (text, words) in CATALOGUES.items():
            with self.subTest(what):
                self.write("bad.yaml", text)
                for command in ("diff", "apply"):
                    self.holds(words, self.ninesctl(command, "-f", "bad.yaml", expect=1))

    def test_daemon_configs(self):
        self.check_configs("ninesd", "", DAEMON_CONFIGS)

    def test_collector_configs(self):
        self.check_configs("nines-collector", COLLECTOR_HEAD, COLLECTOR_CONFIGS)

    def check_configs(self, program, head, configs):
        for what, (text, words) in configs.items():
            with self.subTest(what):
                path = self.write("bad.yaml", head + text)
                result = subprocess.run([BIN / program, "--config", path, "--check-config"], capture_output=True, text=True,
                                        timeout=PATIENCE_S)
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                self.holds(words, result.stdout + result.stderr)

    def test_replay_files(self):
        for number, (what, (text, words)) in enumerate(REPLAYS.items()):
            with self.subTest(what):
                self.write("bad.csv", text)
                config = self.collector_config(f"bad-{number}", "cloud",
                                               "- name: bad\n  replay: {files: [bad.csv], results: {check: spare}}\n")
                collector = self.start_collector(config, "--exit-when-done")

                def said():
                    return all(word in collector.text() for word in words)
                try:
                    eventually(said, f"the collector's log holds {words}", 30)
                finally:
                    collector.stop()

    def push(self, messages):
        with grpc.insecure_channel(self.grpc_address) as channel:
            yield from ingest_pb2_grpc.IngestServiceStub(channel).Push(iter(messages), timeout=PATIENCE_S)

    def test_streams(self):
        for what, (messages, code, words) in STREAM_ERRORS.items():
            with self.subTest(what):
                with self.assertRaises(grpc.RpcError) as caught:
                    list(self.push(messages))
                self.assertEqual(caught.exception.code(), code)
                self.holds(words, caught.exception.details())

    def test_refusals(self):
        for number, (what, (fields, reason, words)) in enumerate(REFUSALS.items()):
            with self.subTest(what):
                hello = ingest_pb2.PushRequest(hello=ingest_pb2.Hello(collector_id=f"py-{number}", provider_id="cloud", epoch=1))
                refusals = [r for m in self.push([hello, batch(1, **fields)]) for r in m.acknowledgement.refusals]
                self.assertEqual([ingest_pb2.RefusalReason.Name(r.reason) for r in refusals], ["REFUSAL_REASON_" + reason])
                self.holds(words, refusals[0].message)


if __name__ == "__main__":
    main()
