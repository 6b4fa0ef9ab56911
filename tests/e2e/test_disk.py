"""A disk that fills up, one that cannot be written, and one that turns a bit over."""

import os
import shutil
import subprocess
import unittest
import urllib.error

import harness
from harness import eventually
from pusher import Pusher

BASE_MS = 1_700_000_000_000
CONFIG = "ingest: {late_window: unlimited}\nstorage: {retention_samples: unlimited, disk_reserve_bytes: 8388608}\n"
CATALOGUE = "providers: [{id: cloud-a, name: A}]\n"


class DiskTest(harness.Case):
    def mount(self, size):
        """A small file system of its own for the data directory."""
        self.data = self.folder / "data"
        self.data.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.data], capture_output=True).returncode != 0:
            self.skipTest("no right to mount a file system here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.data], check=False)

    def apply_catalogue(self):
        self.ninesctl("apply", "-f", self.write("catalogue.yaml", CATALOGUE), "--author", "test")

    def ready(self):
        try:
            return 200, self.http("/-/ready")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def samples(self):
        answer = self.ninesctl_json("query", "pushed", "--from", "2023-01-01T00:00:00Z", "--to", "2030-01-01T00:00:00Z")
        return [value for series in answer.get("series", []) for value in series["values"]]

    def test_senders_wait_while_the_disk_is_full(self):
        self.mount("96m")
        self.start_daemon(CONFIG)
        self.apply_catalogue()
        pusher = Pusher(self.grpc_address, "cloud-a", "c1", BASE_MS)
        eventually(lambda: pusher.acknowledged > 100, "something is acknowledged")
        space = os.statvfs(self.data)
        filler = self.data / "filler"
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - (4 << 20))
        code, text = eventually(lambda: (answer := self.ready())[0] == 503 and answer, "the daemon says that the disk is full")
        self.assertIn("make room", text)
        eventually(lambda: "nines_ingest_waits_for_room 1" in self.http("/metrics"), "the metric says so")
        self.assertIn("make room", self.ninesctl("declare", "--target", "x", "--start", "2026-01-01T00:00:00Z", "--impact", "down",
                                                 "--id", "1", "--author", "test", expect=1), "a person gets an answer at once")
        filler.unlink()
        eventually(lambda: self.ready()[0] == 200, "it goes on when there is room")
        before = pusher.acknowledged
        eventually(lambda: pusher.acknowledged > before + 100, "senders go on")
        acknowledged = pusher.stop()
        self.assertEqual(pusher.refusals, [])
        self.assertEqual(pusher.welcomed_below, [])
        self.assertEqual(self.samples()[:acknowledged], [float(i) for i in range(1, acknowledged + 1)])
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_disk_that_cannot_be_written_is_named(self):
        self.mount("16m")
        subprocess.run(["mount", "-o", "remount,ro", self.data], check=True)
        config = self.write("ninesd.yaml", f"grpc_listen: 127.0.0.1:0\nhttp_listen: 127.0.0.1:0\ndata_dir: {self.data}\n")
        result = subprocess.run([harness.BIN / "ninesd", "--config", config], capture_output=True, text=True, timeout=harness.PATIENCE_S)
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(self.data), result.stderr)
        self.assertIn("give the user of ninesd access", result.stderr)

    def test_a_byte_that_changed_is_found_in_every_kind_of_file(self):
        self.start_daemon(CONFIG)
        self.apply_catalogue()
        pusher = Pusher(self.grpc_address, "cloud-a", "c1", BASE_MS)
        eventually(lambda: pusher.acknowledged > 3000, "something is acknowledged")
        pusher.stop()
        self.daemon.stop()
        # A second run that is killed leaves records in both logs.
        self.start_daemon(CONFIG)
        self.ninesctl("apply", "-f", self.write("more.yaml", "providers: [{id: cloud-b, name: B}, {id: cloud-c, name: C}]\n"), "--author", "test")
        pusher = Pusher(self.grpc_address, "cloud-a", "c1", BASE_MS)
        eventually(lambda: pusher.acknowledged > 5000, "something more is acknowledged")
        acknowledged = pusher.stop()
        self.daemon.kill()
        data = self.folder / "data"
        sound = self.folder / "sound"
        shutil.copytree(data, sound)
        kinds = {"database file": "*.sst", "manifest": "MANIFEST-*", "log of the database": "*.log", "log of samples": "log/*.log"}
        for kind, pattern in kinds.items():
            with self.subTest(kind):
                shutil.rmtree(data)
                shutil.copytree(sound, data)
                # The largest is the one with something in it.
                path = max(data.glob(pattern), key=lambda p: len(p.read_bytes().rstrip(b"\0")))
                content = bytearray(path.read_bytes())
                content[len(content.rstrip(b"\0")) // 2] ^= 0x10
                path.write_bytes(content)
                self.assertTrue(self.is_named(path), f"nobody has said that {path.name} is damaged")
        shutil.rmtree(data)
        shutil.copytree(sound, data)
        self.start_daemon(CONFIG)
        self.assertEqual(self.samples()[:acknowledged], [float(i) for i in range(1, acknowledged + 1)])

    def is_named(self, path):
        """Whether a start refuses with words, or goes on and names what is damaged."""
        (self.folder / "ports").unlink()
        daemon = self.start(f"flipped-{path.name}", [harness.BIN / "ninesd", "--config", self.folder / "ninesd.yaml",
                                                     "--port-file", self.folder / "ports"])
        eventually(lambda: daemon.process.poll() is not None or (self.folder / "ports").exists(), "it is ready, or ends")
        try:
            text = daemon.text()
            if daemon.process.poll() is not None:
                return "damaged" in text or "Corruption" in text
            address = dict(line.split("=", 1) for line in (self.folder / "ports").read_text().splitlines())["grpc"]
            answer = subprocess.run([harness.BIN / "ninesctl", "--daemon", address, "verify"], capture_output=True, text=True)
            return "damaged, and left out" in text or answer.returncode != 0
        finally:
            daemon.kill()
            (self.folder / "ports").touch()


if __name__ == "__main__":
    unittest.main(verbosity=2)
