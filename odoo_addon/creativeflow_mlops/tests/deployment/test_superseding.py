from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..rollout_case import RolloutCase

MONDAY_NOON = fields.Datetime.to_datetime("2026-03-02 11:00:00")  # noon in Paris
SATURDAY_NOON = fields.Datetime.to_datetime("2026-03-07 11:00:00")


@tagged("post_install", "-at_install")
class TestSuperseding(RolloutCase):
    """A newer wish takes the place of an older one that is still on its way."""

    def promote(self, version, login="ben", strategy="blue-green", **more):
        answer = self.versions(login).approve_promotion(version.id, "production", strategy, **more)
        return self.env["mlops.deployment"].sudo().browse(answer["deploymentId"])

    def next_version(self, version, name="2.0.0"):
        return self.at(
            "Staging", version=self.register("ada", name=version.model_id.name, version=name)
        )

    def action(self, version, name, login="ben"):
        return next(
            one
            for one in self.versions(login).detail(version.id)["allowedActions"]
            if one["name"] == name
        )

    def test_a_promotion_takes_the_place_of_one_on_its_way(self):
        older, was = self.begin()
        newer = self.next_version(older)
        self.assertEqual(
            (self.action(newer, "promote")["allowed"], self.action(newer, "promote")["supersedes"]),
            (True, "1.0.0"),
        )
        deployment = self.promote(newer)
        self.assertEqual(
            (older.status, older.status_reason),
            ("ProdFailed", "Superseded: Ben wants 2.0.0 instead."),
        )
        self.assertEqual(
            (was.desired, was.phase, deployment.phase, newer.status),
            ("removed", "Failed", "Pending", "PendingProdDeployment"),
        )
        told = (
            self.env["mlops.event"]
            .sudo()
            .search([("deployment_id", "=", was.id), ("topic", "=", "rollout.steered")])
        )
        self.assertEqual(
            (told.payload["action"], told.payload["reason"], told.payload["by"]),
            ("supersede", "2.0.0", "Ben"),
        )
        # what comes next begins when the bridge has seen the last of what was before
        work = self.of("mlops.deployment", "bridge").work(deployment.id)
        self.assertEqual(work["withdrawing"], ["1.0.0"])
        self.facts(was, "Removed")
        self.assertEqual(
            self.of("mlops.deployment", "bridge").work(deployment.id)["withdrawing"], []
        )
        self.facts(deployment, "Ready", endpointUrl="https://gateway.test/x")
        self.assertEqual(newer.status, "Live")

    def test_late_facts_of_what_gave_way_change_nothing(self):
        older, was = self.begin()
        generation = was.generation
        self.promote(self.next_version(older))
        answer = self.of("mlops.deployment", "bridge").report_facts(
            was.id, generation, {"phase": "Ready"}
        )
        self.assertEqual((answer["accepted"], older.status), (False, "ProdFailed"))

    def test_a_rollback_takes_the_place_of_a_promotion(self):
        live = self.supersede(self.at("Live"))
        newer = self.next_version(live, "9.0.0")
        was = self.promote(newer, strategy="canary")
        self.assertEqual(self.action(live, "rollback")["supersedes"], "9.0.0")
        answer = self.versions("ben").rollback(live.id, "production", reason="errors")
        self.assertEqual((newer.status, was.phase), ("ProdFailed", "Failed"))
        self.assertNotEqual(answer["versionId"], newer.id)

    def test_a_build_on_its_way_gives_way_and_is_kept(self):
        older = self.at("PendingStagingDeployment")
        newer = self.register("ada", name=older.model_id.name, version="2.0.0")
        self.at("PendingStagingDeployment", version=newer)
        self.assertEqual(older.status, "StagingFailed")
        self.build(older)
        self.assertEqual((older.status, older.build_state), ("StagingFailed", "done"))

    def test_who_may_not_promote_aborts_nothing(self):
        older, was = self.begin()
        newer = self.next_version(older)
        with self.assertRaises(AccessError):
            self.promote(newer, login="ada")
        with self.assertRaises(UserError):
            self.promote(newer, strategy="canary", steps=[])
        self.assertEqual((older.status, was.desired), ("PendingProdDeployment", "serving"))

    def test_the_dialog_says_what_is_aborted(self):
        older, _was = self.begin()
        newer = self.next_version(older)
        decision = self.of("mlops.decision", "ben").browse(
            newer.with_user(self.people["ben"]).action_promote()["res_id"]
        )
        self.assertIn(
            "The rollout of 1.0.0 that is in progress there is aborted.", decision.consequence
        )

    def test_room_is_waited_for_before_the_time_of_the_rollout_itself(self):
        version = self.at("Staging")
        self.assertIsNone(
            self.of("mlops.deployment", "bridge").work(self.promote(version).id)["queueUntil"]
        )
        self.production.queue_minutes = 30
        newer = self.next_version(version)
        before = fields.Datetime.now()
        deployment = self.promote(newer)
        self.assertGreaterEqual(
            deployment._queue_until(), before + timedelta(minutes=30) - timedelta(seconds=1)
        )
        self.assertEqual(
            deployment.deadline_at - deployment._queue_until(),
            timedelta(seconds=self.production.ready_deadline_seconds),
        )
        self.assertTrue(
            self.of("mlops.deployment", "bridge").work(deployment.id)["queueUntil"].endswith("Z")
        )

    def test_open_hours(self):
        version = self.at("Staging")
        calendar = self.env["resource.calendar"].create(
            {"name": "Office", "tz": "Europe/Paris", "company_id": self.production.company_id.id}
        )
        self.production.open_calendar_id = calendar
        self.assertIsNone(self.production._closed(MONDAY_NOON - timedelta(hours=1)))
        self.assertEqual(
            self.production._closed(SATURDAY_NOON),
            "Production takes new versions only in the hours of “Office”. It opens on Monday, "
            "2026-03-09 at 08:00 (Europe/Paris).",
        )
        self.env["resource.calendar.leaves"].create(
            {
                "calendar_id": calendar.id,
                "date_from": "2026-03-08 00:00:00",
                "date_to": "2026-03-09 23:00:00",
                "company_id": calendar.company_id.id,
            }
        )
        self.assertIn("Tuesday, 2026-03-10", self.production._closed(SATURDAY_NOON))
        now = patch.object(fields.Datetime, "now", staticmethod(lambda *_args: SATURDAY_NOON))
        with now, self.assertRaisesRegex(UserError, "only in the hours of “Office”"):
            self.promote(version)
        calendar.attendance_ids.unlink()
        self.assertIn("does not open within a month", self.production._closed(MONDAY_NOON))
