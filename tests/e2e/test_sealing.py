"""A sealed month: facts after the seal, another contract, a restart, backup and restore, and every changed byte found."""

import json
import re
import shutil
import stat
import subprocess

from harness import BIN, ROOT, Case, eventually, main

CATALOGUE = """
providers: [{id: cloud}, {id: other}]
contracts: [{id: gold, objective_ppm: OBJECTIVE, basis: either, time_zone: Asia/Shanghai}]
targets: [{id: portal, provider: cloud, contract: gold}, {id: quiet, provider: cloud}, {id: foreign, provider: other}]
checks: [{id: web, target: portal, interval: 1s, hold: unlimited}]
"""
# Ten minutes down in May; the month is that of Asia/Shanghai.
HISTORY = "unix_ms,state\n1777564800000,up\n1778000000000,down\n1778000600000,up\n1780243200000,stale\n"
MAY = ("--month", "2026-05", "--provider", "cloud")


class Sealing(Case):
    def start_all(self):
        self.write("catalogue.yaml", CATALOGUE.replace("OBJECTIVE", "99.9%"))
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.write("history.csv", HISTORY)
        self.replay("replay", "cloud", "- {name: h, replay: {files: [history.csv], results: {check: web}}}\n")

    def restart(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.start_daemon()

    def seal(self, *flags, expect=0):
        return self.ninesctl("seal", *MAY, "--author", "li", *flags, expect=expect)

    def sealed(self, version):
        return self.ninesctl_json("report", *MAY, "--sealed", str(version))

    def export(self, name, *flags):
        self.ninesctl("seal", "export", *MAY, *flags, "--output", name)
        return (self.folder / name).read_bytes()

    def portal(self, report):
        return next(t for t in report["targets"] if t["target_id"] == "portal")

    def verify_with_openssl(self, folder, bundle):
        """Runs what docs/sealing.md shows, and nothing else."""
        script = re.search(r"```sh\n(.*?)```", (ROOT / "docs/sealing.md").read_text(), re.S).group(1)
        place = self.folder / folder
        place.mkdir()
        (place / "may.tar").write_bytes(bundle)
        shutil.copy(self.folder / "nines.pem", place)
        return subprocess.run(["sh", "-c", script], cwd=place, capture_output=True, text=True, timeout=300)

    def test_a_sealed_month_survives(self):
        self.start_all()
        live = self.ninesctl_json("report", *MAY)
        self.assertIn("not sealed", self.ninesctl("report", *MAY, "--sealed", expect=1))
        self.assertIn("Would be sealed", self.seal("--dry-run"))
        self.assertFalse((self.folder / "data/seal.key").exists())
        self.assertIn("Sealed: 2026-05 of provider/cloud, version 1", self.seal())
        self.assertEqual(stat.S_IMODE((self.folder / "data/seal.key").stat().st_mode), 0o600)
        (self.folder / "nines.pem").write_text(self.ninesctl("seal", "key"))
        first = self.sealed(1)
        self.assertEqual(first["report"]["targets"], live["targets"])
        self.assertEqual(first["report"]["pooled"], live["pooled"])
        self.assertEqual(self.portal(first["report"])["account"]["bad_ms"], "600000")
        bundle = self.export("first.tar")
        self.assertIn("Nothing has changed", self.seal("--reason", "again"))

        # A fact that comes later: half an hour, of which ten minutes were seen.
        self.ninesctl("declare", "--provider", "cloud", "--id", "T-1", "--start", "1970-01-01T00:00:00Z", "--end", "1970-01-01T00:00:01Z",
                      "--author", "wang")  # of another month
        self.assertIn("Nothing has changed", self.seal())
        self.ninesctl("declare", "--target", "portal", "--id", "T-2", "--start", "2026-05-05T16:53:20Z", "--end", "2026-05-05T17:23:20Z",
                      "--title", "disk full", "--author", "wang")
        self.assertEqual(self.sealed("1"), first)
        refused = self.seal(expect=1)
        self.assertIn("differs now: portal", refused)
        self.assertIn("give a reason", refused)
        self.assertIn("declaration operator/T-2 by wang: disk full", self.seal("--dry-run"))
        self.assertIn("version 2", self.seal("--reason", "told late"))
        second = self.sealed(2)
        self.assertEqual(self.portal(second["report"])["account"]["bad_ms"], "1800000")
        (change,) = second["changes"]["targets"]
        self.assertEqual((change["before"]["bad_ms"], change["after"]["bad_ms"]), ("600000", "1800000"))
        self.assertEqual([c["what"] for c in change["causes"]], ["declaration operator/T-2 by wang: disk full"])
        self.assertFalse(change["results_changed"])

        # Another version of the contract.
        self.write("catalogue.yaml", CATALOGUE.replace("OBJECTIVE", "99.99%, effective_from: 2026-05"))
        self.ninesctl("apply", "-f", "catalogue.yaml", "--author", "li")
        self.assertEqual(self.portal(self.ninesctl_json("report", *MAY))["contract"]["objective_ppm"], 999900)
        self.assertEqual((self.sealed(1), self.sealed(2)), (first, second))
        self.assertIn("contract gold by li", self.seal("--reason", "the contract was wrong"))
        third = self.sealed(3)

        # As it was known when it was sealed.
        then = self.ninesctl_json("report", *MAY, "--as-of", first["seal"]["ledger_position"])
        self.assertEqual(then["targets"], live["targets"])
        self.assertEqual(len(self.ninesctl_json("outages", "--month", "2026-05", "--as-of", "2026-06-01T00:00:00Z")["outages"]), 0)
        self.assertIn("last position", self.ninesctl("report", *MAY, "--as-of", "9999", expect=1))

        # Late results.
        self.write("late.csv", "unix_ms,state\n1779000000000,down\n1779000060000,up\n")
        self.replay("late", "cloud", "- {name: h, replay: {files: [late.csv], results: {check: web}}}\n")
        self.assertIn("results that came since", self.seal("--reason", "the spool was late"))
        self.assertEqual(self.portal(self.sealed(4)["report"])["account"]["bad_ms"], "1860000")

        self.assertEqual(self.ninesctl("backup", self.folder / "backup")[:9], "Backed up")
        self.restart()
        versions = [first, second, third]
        self.assertEqual([self.sealed(v) for v in (1, 2, 3)], versions)
        self.assertIn("damaged 0", self.ninesctl("verify"))
        self.assertEqual(self.daemon.stop(), 0)
        (self.folder / "data").rename(self.folder / "old")
        self.ninesctl("restore", self.folder / "backup", self.folder / "data")
        self.start_daemon()
        self.assertEqual([self.sealed(v) for v in (1, 2, 3)], versions)
        self.assertIn("seals 4; damaged 0", self.ninesctl("verify"))
        self.assertEqual(self.export("again.tar", "--version", "1"), bundle)
        # The key is in no backup, and is not made anew behind anybody's back.
        self.ninesctl("declare", "--target", "portal", "--id", "T-3", "--start", "2026-05-06T00:00:00Z", "--end", "2026-05-06T00:01:00Z", "--author", "wang")
        self.assertIn("is not there", self.seal("--reason", "more", expect=1))
        shutil.copy(self.folder / "old/seal.key", self.folder / "data/seal.key")
        self.assertIn("version 5", self.seal("--reason", "more"))

        newest = self.export("newest.tar")
        for name, bytes_ in (("first", bundle), ("newest", newest)):
            result = self.verify_with_openssl(f"openssl-{name}", bytes_)
            self.assertEqual((result.returncode, result.stdout.splitlines()[-1]), (0, "nothing was changed"), result.stderr)
        self.assertEqual(self.daemon.stop(), 0)  # from here on without a daemon
        sound = self.ninesctl("verify", "--bundle", "newest.tar", "--public-key", "nines.pem")
        self.assertIn("seals 5, faults 0", sound)
        self.assertIn("signatures are of the given key", sound)
        self.assertIn("Who made it is not shown", self.ninesctl("verify", "--bundle", "openssl-newest/may"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "x.key"], cwd=self.folder, check=True)
        subprocess.run(["openssl", "pkey", "-in", "x.key", "-pubout", "-out", "x.pem"], cwd=self.folder, check=True)
        self.assertIn("not one that was given", self.ninesctl("verify", "--bundle", "newest.tar", "--public-key", "x.pem", expect=1))
        for name, at in (("report.txt", b"bad_ms=1920000"), ("facts.txt", b"nines-facts"), ("chain/0002.txt", b"told late")):
            place = newest.index(at, newest.index(name.encode())) + len(at) - 1
            changed = newest[:place] + bytes([newest[place] ^ 1]) + newest[place + 1:]
            (self.folder / "changed.tar").write_bytes(changed)
            self.assertIn(f"  {name}: ", self.ninesctl("verify", "--bundle", "changed.tar", "--public-key", "nines.pem", expect=1))
            self.assertNotEqual(self.verify_with_openssl(f"openssl-{at.hex()}", changed).returncode, 0, name)

    def test_a_changed_byte_of_the_ledger_is_found_and_named(self):
        self.start_all()
        self.seal()
        self.assertEqual(self.daemon.stop(), 0)
        tables = sorted((self.folder / "data").glob("*.sst"))
        self.assertGreater(len(tables), 2)
        for table in tables:
            whole = table.read_bytes()
            for place in (20, len(whole) // 3):
                table.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
                self.assertIn(table.name, self.said_about_the_damage(), f"byte {place}")
            table.write_bytes(whole)
        self.start_daemon()
        self.assertIn("damaged 0", self.ninesctl("verify"))

    def said_about_the_damage(self):
        """What ninesd says when it does not start; if it does, what `ninesctl verify` says."""
        ports = self.folder / "ports"
        ports.unlink(missing_ok=True)
        daemon = self.start("damaged", [BIN / "ninesd", "--config", self.folder / "ninesd.yaml", "--port-file", ports])
        eventually(lambda: ports.exists() or daemon.process.poll() is not None, "ninesd has started, or has refused to")
        if daemon.process.poll() is not None:
            said = daemon.text()
            daemon.kill()
            daemon.log_path.unlink()
            return said
        self.grpc_address = dict(line.split("=", 1) for line in ports.read_text().splitlines())["grpc"]
        said = self.ninesctl("verify", expect=1)
        daemon.kill()
        return said

    def test_what_cannot_be_sealed_is_refused_with_the_reason(self):
        self.start_all()
        self.assertIn("not over before", self.ninesctl("seal", "--month", "2099-01", "--author", "li", expect=1))
        self.assertIn("nobody", self.ninesctl("seal", "--month", "2026-05", "--provider", "nobody", "--author", "li", expect=1))
        self.assertIn("restatement alone", self.seal("--reason", "first", expect=1))
        self.ninesctl("seal", "--author", "li", expect=2)
        self.seal()
        (self.folder / "data/seal.key").chmod(0o644)
        self.ninesctl("declare", "--target", "portal", "--id", "T", "--start", "2026-05-06T00:00:00Z", "--end", "2026-05-06T01:00:00Z", "--author", "w")
        self.assertIn("chmod 600", self.seal("--reason", "r", expect=1))
        self.assertEqual(len(self.ninesctl_json("seal", "list")["seals"]), 1)
        self.assertIn("version 7", self.ninesctl("report", *MAY, "--sealed", "7", expect=1))

    def test_the_key_is_where_the_config_says(self):
        self.write("catalogue.yaml", CATALOGUE.replace("OBJECTIVE", "99.9%"))
        (self.folder / "keys").mkdir()
        self.start_daemon("catalogue_files: [catalogue.yaml]\nseal: {key_file: keys/nines.key}\n")
        self.ninesctl("seal", *MAY, "--author", "li")
        self.assertEqual(stat.S_IMODE((self.folder / "keys/nines.key").stat().st_mode), 0o600)
        path = self.write("wrong.yaml", "seal: {key_file: nowhere/nines.key}\n")
        result = subprocess.run([BIN / "ninesd", "--config", path, "--check-config"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout + result.stderr, r"wrong\.yaml:1:\d+.*seal\.key_file.*create it")


if __name__ == "__main__":
    main()
