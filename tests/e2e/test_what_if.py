"""What if the contract were another: the same facts, nothing recorded, and every form of the answer says so."""

import csv
import io

from harness import Case, main

CATALOGUE = """
providers: [{id: cloud}]
contracts: [{id: gold, objective_ppm: 99.9%, credits: [{below_ppm: 99.9%, credit_ppm: 10%}]}]
targets: [{id: portal, provider: cloud, contract: gold, monthly_fee_fen: 100000}, {id: quiet, provider: cloud, contract: gold}]
checks: [{id: web, target: portal, interval: 1s, hold: unlimited}]
"""
# An hour down in May of Asia/Shanghai: 99.8655 %.
HISTORY = "unix_ms,state\n1777564800000,up\n1778000000000,down\n1778003600000,up\n"
MAY = ("--month", "2026-05", "--target", "portal")
LENIENT = """contracts:
- id: lenient
  objective_ppm: 99.5%
  credits: [{below_ppm: 99.9%, credit_ppm: 25%}]
"""


class WhatIf(Case):
    def test_nothing_is_recorded_and_every_form_says_so(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.write("history.csv", HISTORY)
        self.replay("replay", "cloud", "- {name: h, replay: {files: [history.csv], results: {check: web}}}\n")
        self.write("lenient.yaml", LENIENT)
        before = self.ninesctl_json("report", *MAY)
        self.assertNotIn("hypothetical", before)
        (real,) = before["targets"]
        self.assertEqual((real["account"]["verdict"], real["credit_fen"]), ("VERDICT_BREACHED", "10000"))

        what_if = self.ninesctl_json("report", *MAY, "--contract-file", "lenient.yaml")
        self.assertEqual(what_if["hypothetical"]["contract"]["contract_id"], "lenient")
        self.assertEqual(what_if["hypothetical"]["file"], "lenient.yaml")
        (target,) = what_if["targets"]
        self.assertEqual((target["account"]["verdict"], target["credit_fen"]), ("VERDICT_MET", "25000"))
        self.assertEqual((target["contract"]["contract_id"], target["contract"]["position"]), ("lenient", "0"))
        self.assertEqual(target["account"]["bad_ms"], real["account"]["bad_ms"])

        table = self.ninesctl("--lang", "en", "report", *MAY, "--contract-file", "lenient.yaml")
        self.assertTrue(table.startswith("HYPOTHETICAL: as if contract 'lenient' of lenient.yaml had held"), table)
        self.assertIn("nothing of this can be sealed", table)
        chinese = self.ninesctl("--lang", "zh", "report", "--month", "2026-05", "--by", "provider", "--contract-file", "lenient.yaml")
        self.assertTrue(chinese.startswith("假设测算：假定始终适用 lenient.yaml 中的合同条款 'lenient'"), chinese)
        self.assertNotIn("HYPOTHETICAL", self.ninesctl("--lang", "en", "report", *MAY))
        for by in ((), ("--by", "provider")):
            column = lambda *flags: [row["hypothetical_contract"] for row in csv.DictReader(io.StringIO(
                self.ninesctl("report", "--month", "2026-05", *by, *flags, "--format", "csv")))]
            self.assertEqual(set(column("--contract-file", "lenient.yaml")), {"lenient"})
            self.assertEqual(set(column()), {""})
        (piped,) = self.connect("ReportService", "GetReport", {"month": "2026-05", "target_ids": ["portal"],
                                                                "what_if": {"name": "x", "content": LENIENT}})["targets"]
        self.assertEqual(piped, target)
        self.assertIn("HYPOTHETICAL: as if contract 'lenient' of standard input",
                      self.ninesctl("--lang", "en", "report", *MAY, "--contract-file", "-", stdin=LENIENT))

        after = self.ninesctl_json("report", *MAY)
        self.assertEqual(after["ledger_position"], before["ledger_position"])
        self.assertEqual(after["targets"], before["targets"])
        self.assertEqual([e["id"] for e in self.connect("CatalogueService", "ListEntries", {"kind": "contract"})["entries"]], ["gold"])

    def test_it_cannot_be_sealed_and_mistakes_have_their_place(self):
        self.write("catalogue.yaml", CATALOGUE)
        self.start_daemon("catalogue_files: [catalogue.yaml]\n")
        self.write("lenient.yaml", LENIENT)
        self.assertIn("--contract-file", self.ninesctl("report", "--month", "2026-05", "--sealed", "--contract-file", "lenient.yaml", expect=2))
        self.assertIn("--contract-file", self.ninesctl("seal", "--month", "2026-05", "--contract-file", "lenient.yaml", expect=2))
        self.write("wrong.yaml", LENIENT.replace("99.5%", "two nines"))
        self.assertRegex(self.ninesctl("report", *MAY, "--contract-file", "wrong.yaml", expect=1), r"wrong\.yaml:3:18: .*objective_ppm")
        self.write("dated.yaml", LENIENT + "  effective_from: 2026-05\n")
        self.assertRegex(self.ninesctl("report", *MAY, "--contract-file", "dated.yaml", expect=1), r"dated\.yaml:5:19: .*for all time")
        self.write("more.yaml", LENIENT + "agencies: [{id: tax}]\n")
        self.assertRegex(self.ninesctl("report", *MAY, "--contract-file", "more.yaml", expect=1), r"more\.yaml:5:\d+: agencies\[0\] is no contract")
        self.assertIn("cannot read 'none.yaml'", self.ninesctl("report", *MAY, "--contract-file", "none.yaml", expect=2))


if __name__ == "__main__":
    main()
