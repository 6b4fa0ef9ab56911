"""Programs of other people: Prometheus scrapes, promtool checks, a Python gRPC client reads the report, gRPC's own services answer."""

import json
import subprocess
import urllib.parse
import urllib.request

import harness
from harness import Case, eventually, main
import grpc
from nines.v1 import availability_pb2, report_pb2, report_pb2_grpc

CATALOGUE = """
providers: [{id: cloud, name: {zh: 云商, en: Cloud}}]
contracts: [{id: c, time_zone: Asia/Shanghai, objective_ppm: 99.9%}]
targets: [{id: portal, name: {zh: 门户网站, en: Portal}, provider: cloud, contract: c}]
checks: [{id: web, target: portal, interval: 15s, hold: unlimited}]
"""
# May 2026 in Shanghai begins 2026-04-30T16:00Z = 1777564800000. One outage of 2 678 401 ms: just breached.
RESULTS = """unix_ms,state
1777564800000,up
1778000000000,down
1778002678401,up
1780243200000,stale
"""


class Peers(Case):
    def setUp(self):
        super().setUp()
        self.write("catalogue.yaml", CATALOGUE)
        self.write("results.csv", RESULTS)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.replay("replay", "cloud", """- name: history
  replay: {files: [results.csv], results: {check: web}}
""")

    def test_prometheus_scrapes_the_metrics(self):
        self.write("prometheus.yml", f"""
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: nines
  static_configs: [{{targets: ["{self.http_address}"]}}]
""")
        # Prometheus cannot be asked for a free port: it is given one that was free a moment ago.
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.start("prometheus", ["prometheus", "--config.file=prometheus.yml", f"--storage.tsdb.path={self.folder}/tsdb",
                                  f"--web.listen-address=127.0.0.1:{port}"])

        def ask(expression):
            query = urllib.parse.urlencode({"query": expression})
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}") as response:
                return json.load(response)["data"]["result"]
        eventually(lambda: ask('up{job="nines"} == 1'), "Prometheus has scraped ninesd")
        found = eventually(lambda: ask('nines_target_objective_ratio{target="portal"}'), "the target is there")
        self.assertEqual(float(found[0]["value"][1]), 0.999)
        (joined,) = ask("nines_target_objective_ratio * on(target) group_left(provider) nines_target_info")
        self.assertEqual(joined["metric"]["provider"], "cloud")

    def test_promtool_finds_nothing(self):
        result = subprocess.run(["promtool", "check", "metrics"], input=self.http("/metrics"), capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_python_client_gets_the_monthly_report(self):
        with grpc.insecure_channel(self.grpc_address) as channel:
            report = report_pb2_grpc.ReportServiceStub(channel).GetReport(report_pb2.GetReportRequest(month="2026-05"))
        (target,) = report.targets
        self.assertEqual(target.name.zh, "门户网站")
        account = target.account
        self.assertEqual((account.good_ms, account.bad_ms, account.unknown_ms), (2675721599, 2678401, 0))
        self.assertEqual(account.availability_percent, "99.8999")
        self.assertEqual(account.verdict, availability_pb2.VERDICT_BREACHED)

    def test_connect_and_ninesctl_show_the_same_report(self):
        by_http = self.connect("ReportService", "GetReport", {"month": "2026-05", "page_size": 1000})
        by_cli = self.ninesctl_json("report", "--month", "2026-05")
        by_http.pop("generated_time")
        by_cli.pop("generated_time")
        self.assertEqual(by_http, by_cli)

    def test_health_and_reflection_answer(self):
        # The bytes are those of grpc.health.v1.HealthCheckResponse{status: SERVING} and of a reflection answer that names us.
        with grpc.insecure_channel(self.grpc_address) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            self.assertEqual(check(b""), b"\x08\x01")
            reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
            list_services = b"\x3a\x01*"
            (answer,) = reflect(iter([list_services]))
            self.assertIn(b"nines.v1.ReportService", answer)
        self.assertTrue(self.http("/-/healthy"))
        self.assertTrue(self.http("/-/ready"))


if __name__ == "__main__":
    main()
