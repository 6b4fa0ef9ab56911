"""What the end-to-end tests share: the real programs in a temporary folder, on ports that the system chooses."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("NINES_BIN", ROOT / "build/release/bin"))
STUBS = pathlib.Path(os.environ.get("NINES_STUBS", ROOT / "build/release/python"))
DATA = ROOT / "tests/data"
sys.path.insert(0, str(STUBS))

# What a program built with sanitizers prints when it has found something; a killed one has no exit code to tell it by.
FINDINGS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "broken invariant:")

# Sanitizers slow everything down; nothing here measures time, so patience costs nothing.
PATIENCE_S = 120


def eventually(condition, what, patience_s=PATIENCE_S):
    """Calls `condition` until it returns something true, and returns that. An exception counts as not yet."""
    deadline = time.monotonic() + patience_s
    pause, last = 0.005, None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except Exception as error:  # noqa: BLE001: whatever it is, it is shown when patience ends
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting until {what}; the last answer was: {last!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


class Program:
    """A child process whose output goes to a file of the folder."""

    def __init__(self, folder, name, arguments, env=None):
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [str(a) for a in arguments], stdout=self.log, stderr=self.log, cwd=folder, env={**os.environ, **(env or {})})

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.kill()
        return self.process.returncode

    def wait(self):
        try:
            return self.process.wait(PATIENCE_S * 5)
        finally:
            self.kill()

    def text(self):
        return self.log_path.read_text(errors="replace")


class Case(unittest.TestCase):
    """One folder, removed afterwards unless the test failed; every program that was started is killed."""

    def setUp(self):
        self.root = self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nines-e2e-"))  # a test may move self.folder below it
        self.programs = []
        self.daemon = None
        self.grpc_address = self.http_address = None
        self.addCleanup(self._clean)

    def _clean(self):
        for program in self.programs:
            program.kill()
        logs = sorted(path for path in self.root.rglob("*.log") if "data" not in path.relative_to(self.root).parts)  # the storage's own are there
        found = [f"{log}: {line}" for log in logs
                 for line in log.read_text(errors="replace").splitlines() if any(mark in line for mark in FINDINGS)]
        failed = found or any(error for _, error in getattr(self._outcome, "errors", [])) or not getattr(self._outcome, "success", True)
        if failed:
            for log in logs:
                print(f"--- {log}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
            print(f"kept: {self.root}", file=sys.stderr)
        else:
            shutil.rmtree(self.root, ignore_errors=True)
        self.assertEqual(found, [], "a program printed a finding of its sanitizer, or broke an invariant of its own")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, name, arguments, env=None):
        program = Program(self.folder, name, arguments, env)
        self.programs.append(program)
        return program

    def start_daemon(self, config="", grpc_port=0):
        """Starts ninesd and waits until it is ready. `grpc_port` keeps the address over a restart."""
        ports = self.folder / "ports"
        ports.unlink(missing_ok=True)
        path = self.write("ninesd.yaml", f"grpc_listen: 127.0.0.1:{grpc_port}\nhttp_listen: 127.0.0.1:0\n"
                                         f"data_dir: {self.folder}/data\n{config}")
        self.daemon = self.start("ninesd", [BIN / "ninesd", "--config", path, "--port-file", ports])

        def listening():
            if self.daemon.process.poll() is not None:
                raise AssertionError(f"ninesd ended with {self.daemon.process.returncode}: {self.daemon.text()[-2000:]}")
            return ports.exists()
        try:
            eventually(listening, "ninesd is ready")
        except AssertionError:
            raise
        addresses = dict(line.split("=", 1) for line in ports.read_text().splitlines())
        self.grpc_address, self.http_address = addresses["grpc"], addresses["http"]
        return self.daemon

    @property
    def grpc_port(self):
        return int(self.grpc_address.rsplit(":", 1)[1])

    def collector_config(self, name, provider, sources, extra=""):
        return self.write(f"{name}.yaml", f"collector_id: {name}\nprovider_id: {provider}\ndaemon: {self.grpc_address}\n"
                                          f"spool_dir: {self.folder}/spool-{name}\n{extra}sources:\n{sources}")

    def start_collector(self, config, *flags):
        return self.start(pathlib.Path(config).stem, [BIN / "nines-collector", "--config", config, *flags])

    def replay(self, name, provider, sources):
        """Runs a collector until its replay is done and acknowledged."""
        collector = self.start_collector(self.collector_config(name, provider, sources), "--exit-when-done")
        self.assertEqual(collector.wait(), 0, collector.text()[-2000:])

    def ninesctl(self, *arguments, expect=0, stdin=None):
        """Runs ninesctl and returns what it wrote to standard output (with `expect` other than 0: also to standard error)."""
        result = subprocess.run([str(BIN / "ninesctl"), "--daemon", self.grpc_address or "127.0.0.1:1", *map(str, arguments)],
                                capture_output=True, text=True, input=stdin, timeout=PATIENCE_S * 3, cwd=self.folder)
        self.assertEqual(result.returncode, expect, f"ninesctl {arguments}: {result.stdout[-2000:]}{result.stderr[-2000:]}")
        return result.stdout if expect == 0 else result.stdout + result.stderr

    def ninesctl_json(self, *arguments):
        return json.loads(self.ninesctl(*arguments, "--format", "json"))

    def http(self, path, body=None, headers=None):
        request = urllib.request.Request(f"http://{self.http_address}{path}", data=body, headers=headers or {})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return response.read().decode()

    def connect(self, service, method, request):
        """A unary call by the Connect protocol, JSON both ways."""
        return json.loads(self.http(f"/nines.v1.{service}/{method}", json.dumps(request).encode(),
                                    {"Content-Type": "application/json"}))


def yaml_text(value):
    """JSON is YAML: quotes whatever needs it."""
    return json.dumps(value, ensure_ascii=False)


def main():
    unittest.main(verbosity=2)
