"""Watching states over reconnects and restarts: every change arrives."""

import threading
import time

import harness
from harness import Case, eventually, main

import grpc
from nines.v1 import watch_pb2, watch_pb2_grpc

CATALOGUE = """
providers: [{id: cloud}]
targets: [{id: portal, provider: cloud}]
checks: [{id: web, target: portal, interval: 1s, hold: unlimited}]
"""


class Watcher:
    """Watches, breaks off after every response with changes, and goes on with the last token."""

    def __init__(self, case, break_off):
        self.case, self.break_off, self.seen, self.token, self.streams = case, break_off, [], "", 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                with grpc.insecure_channel(self.case.grpc_address) as channel:
                    stream = watch_pb2_grpc.WatchServiceStub(channel).WatchStates(watch_pb2.WatchStatesRequest(resume_token=self.token), timeout=harness.PATIENCE_S)
                    self.streams += 1
                    for response in stream:
                        self.seen += [(c.since_time.ToMilliseconds(), c.state) for c in response.changes]
                        self.token = response.resume_token
                        if self.stopping.is_set() or (self.break_off and response.changes):
                            stream.cancel()
                            break
            except grpc.RpcError:
                self.stopping.wait(0.05)

    def stop(self):
        self.stopping.set()


class Watch(Case):
    def push(self, name, lines):
        self.write(f"{name}.csv", "unix_ms,state\n" + "".join(f"{at},{state}\n" for at, state in lines))
        self.replay(name, "cloud", f"- {{name: h, replay: {{files: [{name}.csv], results: {{check: web}}}}}}\n")

    def test_no_change_is_missed_over_reconnects_and_a_restart(self):
        self.write("catalogue.yaml", CATALOGUE)
        config = "catalogue_files: [catalogue.yaml]\n"
        self.start_daemon(config)
        port = self.grpc_port
        start = int(time.time() * 1000) - 600_000
        self.push("first", [(start, "up")])
        watchers = [Watcher(self, True), Watcher(self, False)]
        eventually(lambda: all(w.seen for w in watchers), "both have begun")
        expected = [(start, 2)]
        for round_ in range(4):
            lines = [(start + 60_000 * round_ + 1000 * i, "down" if i % 2 else "up") for i in range(1, 7)]
            self.push(f"round-{round_}", lines)
            expected += [(at, 4 if state == "down" else 2) for at, state in lines if (at, state) != (start, "up")]
            if round_ == 1:  # results come while nobody looks
                self.daemon.kill()
                self.start_daemon(config, grpc_port=port)
        # Six results a round, up last: the next round's first "down" begins another span each time.
        changes = [c for i, c in enumerate(expected) if i == 0 or c[1] != expected[i - 1][1]]
        for watcher in watchers:
            eventually(lambda w=watcher: set(changes) <= set(w.seen), "every change has come")
            watcher.stop()
        self.assertGreater(watchers[0].streams, 4)
        self.assertEqual({c for w in watchers for c in w.seen} - set(changes), set())

    def test_the_command_line_watches_and_resumes(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        now = int(time.time() * 1000) - 60_000
        self.push("first", [(now, "up")])
        import json
        eventually(lambda: json.loads(self.ninesctl("watch", "--count", "1", "--format", "json"))["changes"][0]["state"] == "STATE_UP", "it is up")
        token = json.loads(self.ninesctl("watch", "--count", "1", "--format", "json"))["resume_token"]
        self.push("second", [(now + 1000, "down"), (now + 2000, "up")])
        lines = self.ninesctl("watch", "--count", "2", "--resume", token).splitlines()
        self.assertEqual([line.split()[2:] for line in lines], [["down", "portal"], ["up", "portal"]])
        self.assertIn("resume_token", self.ninesctl("watch", "--resume", "nonsense", expect=1))
        self.assertIn("nobody", self.ninesctl("watch", "--provider", "nobody", expect=1))


if __name__ == "__main__":
    main()
