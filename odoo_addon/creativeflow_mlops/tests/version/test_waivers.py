from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MlopsCase

REVIEW = {
    "rule": "pickle-global-review",
    "severity": "medium",
    "verdict": "review",
    "file": "model.safetensors",
    "symbol": "sklearn.x.Y",
    "why": "a class that nobody has reviewed",
}
BLOCK = {
    **REVIEW,
    "rule": "pickle-global-blocked",
    "verdict": "block",
    "severity": "critical",
    "symbol": "os.system",
}


@tagged("post_install", "-at_install")
class TestWaivers(MlopsCase):
    def to_review(self, version=None, findings=(REVIEW,), submitter="ada"):
        version = version or self.register(submitter)
        verdict = "block" if BLOCK in findings else "review"
        self.validate(version, verdict, findings)
        return version

    def actions(self, login, version):
        return {
            one["name"]: one["reason"]
            for one in self.versions(login).detail(version.id)["allowedActions"]
            if "waiver" in one["name"]
        }

    def test_one_asks_another_accepts_and_the_version_is_validated(self):
        version = self.to_review()
        self.assertIn("request a waiver", version.status_reason)
        self.assertEqual(self.actions("ada", version), {"request-waiver": None})
        self.versions("ada").request_waiver(version.id, "Ours, read line by line")
        self.assertEqual(
            self.actions("ben", version), {"accept-waiver": None, "refuse-waiver": None}
        )
        self.assertIn(self.people["ben"], version.activity_ids.user_id)
        answer = self.versions("ben").accept_waiver(version.id, comment="Agreed")
        self.assertEqual((answer["status"], version.status), ("Validated", "Validated"))
        self.assertEqual(version.road[1]["state"], "done")
        shown = self.versions("vera").detail(version.id)["findings"][0]["waiver"]
        self.assertEqual(
            (shown["state"], shown["requestedBy"], shown["decidedBy"]), ("accepted", "Ada", "Ben")
        )
        self.assertEqual(shown["reason"], "Ours, read line by line")
        self.assertEqual(shown["expiresOn"], (fields.Date.today() + timedelta(days=90)).isoformat())

    def test_what_was_accepted_stays_accepted_for_the_same_bytes(self):
        version = self.to_review()
        self.versions("ada").request_waiver(version.id, "fine")
        self.versions("ben").accept_waiver(version.id)
        self.versions("ada").rescan(version.id)
        self.validate(version, "review", [REVIEW])
        self.assertEqual(version.status, "Validated")
        same = self.to_review(self.register("ada", name=version.model_id.name, version="2"))
        self.assertEqual(same.status, "Validated", "another version with the same file")
        other = self.to_review(self.register("ada"))
        self.assertEqual(other.status, "ValidationFailed", "another model")
        self.versions("ada").rescan(version.id)
        self.validate(version, "review", [REVIEW, {**REVIEW, "symbol": "sklearn.x.Z"}])
        self.assertEqual(version.status, "ValidationFailed", "a finding that nobody accepted")

    def test_nobody_accepts_what_they_asked_for_or_uploaded(self):
        asked_by_mia = self.to_review()
        self.versions("mia").request_waiver(asked_by_mia.id, "fine")
        self.assertEqual(
            self.actions("mia", asked_by_mia)["accept-waiver"],
            "Waiting for a second person: asked for by you.",
        )
        with self.assertRaisesRegex(AccessError, "second person"):
            self.versions("mia").accept_waiver(asked_by_mia.id)
        uploaded_by_abe = self.to_review(submitter="abe")
        self.versions("ada").request_waiver(uploaded_by_abe.id, "fine")
        with self.assertRaisesRegex(AccessError, "uploaded by you"):
            self.versions("abe").accept_waiver(uploaded_by_abe.id)

    @mute_logger("odoo.sql_db")
    def test_sql_holds_the_second_person_too(self):
        version = self.to_review()
        self.versions("ada").request_waiver(version.id, "fine")
        waiver = version.waiver_ids
        for person in (waiver.requested_by_id, waiver.submitter_id):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.cr.execute(
                    "UPDATE mlops_waiver SET state = 'accepted', accepted_by_id = %s WHERE id = %s",
                    (person.id, waiver.id),
                )

    def test_the_dialogs_of_both(self):
        version = self.to_review()
        asks = self.of("mlops.decision", "ada").browse(
            self.versions("ada").browse(version.id).action_request_waiver()["res_id"]
        )
        asks.write({"comment": "Ours", "expires_on": fields.Date.today() + timedelta(days=10)})
        asks.confirm()
        buttons = self.versions("ben").browse(version.id)
        self.assertTrue(buttons.can_accept_waiver and buttons.can_refuse_waiver)
        accepts = self.of("mlops.decision", "ben").browse(buttons.action_accept_waiver()["res_id"])
        self.assertIn("Reason given: Ours", accepts.consequence)
        accepts.confirm()
        self.assertEqual((version.status, version.waiver_ids.state), ("Validated", "accepted"))

    def test_a_finding_that_blocks_cannot_be_waived(self):
        version = self.to_review(findings=(REVIEW, BLOCK))
        self.assertEqual(self.actions("ada", version), {})
        with self.assertRaisesRegex(UserError, "nothing to waive"):
            self.versions("ada").request_waiver(version.id, "please")

    def test_roles_reasons_and_dates(self):
        version = self.to_review()
        for login in ("vera", "ben", "bridge"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.versions(login).request_waiver(version.id, "x")
        today = fields.Date.today()
        for reason, expires in (("  ", None), ("x", today), ("x", today + timedelta(days=366))):
            with self.subTest(expires=expires), self.assertRaises(UserError):
                self.versions("ada").request_waiver(version.id, reason, expires_on=expires)
        self.versions("ada").request_waiver(
            version.id, "x", expires_on=(today + timedelta(days=30)).isoformat()
        )
        with self.assertRaises(UserError):
            self.versions("ada").request_waiver(version.id, "again")
        with self.assertRaises(AccessError):
            self.versions("ada").accept_waiver(version.id)
        with self.refused("stale"):
            self.versions("ben").accept_waiver(version.id, seen=version.lock_version - 1)

    def test_refused_and_asked_again(self):
        version = self.to_review()
        self.versions("ada").request_waiver(version.id, "fine")
        with self.assertRaises(UserError):
            self.versions("ben").refuse_waiver(version.id, " ")
        self.versions("ben").refuse_waiver(version.id, "not without a test")
        self.assertEqual(
            (version.status, version.waiver_ids.state), ("ValidationFailed", "refused")
        )
        self.assertEqual(self.actions("ada", version), {"request-waiver": None})

    def test_a_waiver_ends(self):
        version = self.to_review()
        self.versions("ada").request_waiver(version.id, "fine")
        self.versions("ben").accept_waiver(version.id)
        self.cr.execute(
            "UPDATE mlops_waiver SET expires_on = %s WHERE version_id = %s",
            (fields.Date.today() - timedelta(days=1), version.id),
        )
        self.env.invalidate_all()
        self.versions("admin").sudo()._cron_deadlines()
        self.assertEqual(
            (version.status, version.waiver_ids.state), ("ValidationFailed", "expired")
        )
        self.assertTrue(version.status_reason.startswith("WaiverExpired:"))

    def test_new_rules_have_everything_scanned_again(self):
        validated, live, failed = self.at("Validated"), self.at("Live"), self.at("ValidationFailed")
        self.versions("bridge").rules_changed("2027.1")
        asked = self.env["mlops.event"].search([("command_key", "like", "audit:")])
        self.assertEqual(set(asked.version_id) & {validated, live, failed}, {validated, live})
        self.versions("bridge").rules_changed("2027.1")
        self.assertEqual(
            self.env["mlops.event"].search([("command_key", "like", "audit:")]),
            asked,
            "once for each change of the rules",
        )
        self.versions("bridge").report_audit(validated.id, "block", [BLOCK], {}, "k", "2027.1")
        self.assertEqual(validated.status, "ValidationFailed")
        self.versions("bridge").report_audit(live.id, "block", [BLOCK], {}, "k", "2027.1")
        self.assertEqual(live.status, "Live")
        owner = live.activity_ids.filtered(lambda one: one.user_id == live.submitter_id)
        self.assertIn("pickle-global-blocked in model.safetensors", owner.summary)
        again = self.versions("bridge").report_audit(live.id, "block", [BLOCK], {}, "k", "2027.1")
        self.assertFalse(again["accepted"])
        with self.assertRaises(AccessError):
            self.versions("mia").rules_changed("2027.2")
