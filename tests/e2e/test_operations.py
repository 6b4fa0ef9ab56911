"""What an operator does: watch a service fail, take tickets, reload, back up, restore, use TLS, stop."""

import http.server
import json
import signal
import subprocess
import threading
import time

from harness import BIN, Case, eventually, main

CATALOGUE = """
providers: [{id: cloud}, {id: other}]
targets: [{id: portal, provider: cloud}, {id: foreign, provider: other}]
checks: [{id: web, target: portal, interval: 1s}]
"""
HISTORY = "unix_ms,state\n1777564800000,up\n1778000000000,down\n1778000600000,up\n1780243200000,stale\n"


class Service:
    """A real web service on a port of the system's choice, which can be stopped and started again there."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    def __init__(self, port=0):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self.Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Operations(Case):
    def start_all(self, config=""):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n" + config)

    def state(self, target="portal"):
        status = self.connect("AvailabilityService", "ListTargets", {"target_ids": [target]})
        return status["targets"][0]["state"]

    def report(self):
        report = self.ninesctl_json("report", "--month", "2026-05")
        report.pop("generated_time")
        return report

    def test_an_outage_is_seen_and_declared_late(self):
        self.start_all()
        service = Service()
        (self.folder / "tickets").mkdir()
        self.start_collector(self.collector_config("agent", "cloud", f"""- name: web
  interval: 200ms
  timeout: 150ms
  probe: {{targets: [{{check: web, http: {{url: "http://127.0.0.1:{service.port}/", body_match: ok}}}}]}}
- name: desk
  interval: 100ms
  drop: {{directory: tickets, settle: 1ms}}
"""))
        eventually(lambda: self.state() == "STATE_UP", "the portal is up")
        before = int(time.time() * 1000)
        service.stop()
        eventually(lambda: self.state() == "STATE_DOWN", "the outage is seen")
        service = Service(service.port)
        eventually(lambda: self.state() == "STATE_UP", "the end of the outage is seen")
        after = int(time.time() * 1000)
        service.stop()
        (outage,) = self.ninesctl_json("outages", "--target", "portal")["outages"][:1]
        self.assertTrue(before - 1000 <= int(outage["outage"]["start_ms"]) <= int(outage["outage"]["end_ms"]) <= after)

        lines = [{"kind": "incident", "id": "T-1", "target": "portal", "start": before, "end": after, "impact": "down"},
                 {"kind": "incident", "id": "T-2", "target": "portal", "start": after, "end": after, "impact": "down"},
                 {"kind": "incident", "id": "T-3", "target": "foreign", "start": before, "end": after, "impact": "down"},
                 {"kind": "maintenance", "id": "M-1", "target": "portal", "start": after, "end": after + 1000}]
        ready = self.write("tickets/.new", "".join(json.dumps(line) + "\n" for line in lines))
        ready.rename(self.folder / "tickets/today.jsonl")
        eventually((self.folder / "tickets/done/today.jsonl").exists, "the file is done")
        (rejected,) = (self.folder / "tickets/rejected").glob("today*")
        reasons = {entry["line"]: entry["reason"] for entry in map(json.loads, rejected.read_text().splitlines())}
        self.assertEqual(sorted(reasons), [2, 3])
        self.assertIn("foreign", reasons[3])
        facts = self.connect("LedgerService", "ListFacts", {"kinds": ["declaration", "maintenance"]})["facts"]
        self.assertEqual([(f.get("declaration") or f.get("maintenance"))["id"] for f in facts], ["T-1", "M-1"])
        self.assertEqual({f["provider_id"] for f in facts}, {"cloud"})

    def test_backup_while_running_restores_to_the_same_report(self):
        self.start_all()
        self.write("history.csv", HISTORY)
        self.replay("replay", "cloud", "- {name: h, replay: {files: [history.csv], results: {check: web}}}\n")
        before = self.report()
        self.assertIn("Backed up", self.ninesctl("backup", self.folder / "backup"))
        self.assertIn("exist", self.ninesctl("backup", self.folder / "backup", expect=1))
        self.ninesctl("declare", "--target", "portal", "--id", "later", "--start", "2026-05-02T00:00:00+08:00", "--author", "me")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertIn("not empty", self.ninesctl("restore", self.folder / "backup", self.folder / "data", expect=1))
        (self.folder / "data").rename(self.folder / "data.old")
        self.ninesctl("restore", self.folder / "backup", self.folder / "data")
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.assertEqual(self.report(), before)

    def test_the_same_history_from_a_second_collector_changes_nothing(self):
        self.start_all()
        self.write("history.csv", HISTORY)
        source = "- {name: h, replay: {files: [history.csv], results: {check: web}}}\n"
        self.replay("first", "cloud", source)
        before = self.report()
        self.replay("second", "cloud", source)
        self.assertEqual(self.report(), before)

    def test_sighup_takes_what_is_right_and_keeps_the_old_otherwise(self):
        self.start_all()
        self.write("catalogue.yaml", CATALOGUE + "agencies: [{id: a, name: Office}]\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        entries = lambda: [e["id"] for e in self.connect("CatalogueService", "ListEntries", {"kind": "agency"})["entries"]]
        eventually(lambda: entries() == ["a"], "the new catalogue is in force")
        self.write("catalogue.yaml", CATALOGUE + "agencies: [{id: b, nome: Office}]\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "nome" in self.daemon.text(), "the mistake is logged")
        self.assertEqual(entries(), ["a"])
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_wrong_catalogue_at_start_is_refused_with_its_place(self):
        self.write("catalogue.yaml", "targets: [{id: t, provider: nobody}]\n")
        path = self.write("ninesd.yaml", f"grpc_listen: 127.0.0.1:0\nhttp_listen: 127.0.0.1:0\ndata_dir: {self.folder}/data\n"
                                         "catalogue_files: [catalogue.yaml]\n")
        result = subprocess.run([BIN / "ninesd", "--config", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout + result.stderr, r"catalogue\.yaml:1:\d+.*nobody")

    def test_two_daemons_do_not_share_a_data_directory(self):
        self.start_all()
        path = self.write("second.yaml", f"grpc_listen: 127.0.0.1:0\nhttp_listen: 127.0.0.1:0\ndata_dir: {self.folder}/data\n")
        result = subprocess.run([BIN / "ninesd", "--config", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertIn("in use", result.stdout + result.stderr)

    def certificate(self, name, common_name):
        run = lambda *a: subprocess.run(["openssl", *a], check=True, capture_output=True, cwd=self.folder)
        if not (self.folder / "ca.pem").exists():
            run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={common_name}",
            "-addext", "subjectAltName=IP:127.0.0.1")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", f"{name}.pem", "-days", "2",
            "-copy_extensions", "copy")
        return f"tls: {{cert_file: {name}.pem, key_file: {name}.key, ca_file: ca.pem}}\n"

    def test_with_tls_the_certificate_names_the_provider(self):
        self.start_all(self.certificate("server", "ninesd"))
        self.write("history.csv", HISTORY)
        source = "- {name: h, replay: {files: [history.csv], results: {check: web}}}\n"
        good = self.collector_config("good", "cloud", source, self.certificate("good", "cloud"))
        self.assertEqual(self.start_collector(good, "--exit-when-done").wait(), 0)
        thief = self.start_collector(self.collector_config("thief", "cloud", source, self.certificate("thief", "other")))
        eventually(lambda: "certificate" in thief.text(), "the stream with another's certificate is refused")
        tls = ["--tls-ca", "ca.pem", "--tls-cert", "good.pem", "--tls-key", "good.key"]
        self.assertIn("2026-05", self.ninesctl(*tls, "report", "--month", "2026-05", "--format", "csv"))
        self.ninesctl("status", expect=3)  # in plain text nobody answers


if __name__ == "__main__":
    main()
