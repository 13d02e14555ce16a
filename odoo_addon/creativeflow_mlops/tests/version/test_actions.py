import psycopg2.errors

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MlopsCase


@tagged("post_install", "-at_install")
class TestActions(MlopsCase):
    def test_the_uploader_cannot_promote(self):
        version = self.at("Staging", submitter="abe")
        action = next(
            one
            for one in self.versions("abe").detail(version.id)["allowedActions"]
            if one["name"] == "promote"
        )
        self.assertEqual(
            (action["allowed"], action["reason"]),
            (False, "Waiting for a second person: uploaded by you."),
        )
        with self.assertRaisesRegex(AccessError, "second person"):
            self.versions("abe").approve_promotion(version.id, "production", "blue-green")
        self.assertEqual(
            self.versions("ben").approve_promotion(version.id, "production", "rolling")["status"],
            "PendingProdDeployment",
        )

    def test_four_eyes_on_staging_when_the_environment_wants_it(self):
        version = self.at("Validated", submitter="abe")
        self.env["mlops.environment"]._of(self.company, "staging").four_eyes = True
        with self.assertRaises(AccessError):
            self.versions("abe").approve_deployment(version.id, "staging")
        self.env["mlops.environment"]._of(self.company, "staging").four_eyes = False
        self.assertTrue(
            self.versions("abe").approve_deployment(version.id, "staging")["deploymentId"]
        )

    def test_a_stale_decision_is_refused(self):
        version = self.at("Validated")
        seen = version.lock_version
        self.versions("ada").rescan(version.id, seen=seen)
        self.validate(version)
        with self.refused("stale"):
            self.versions("ben").approve_deployment(version.id, "staging", seen=seen)
        self.assertTrue(
            self.versions("ben").approve_deployment(
                version.id, "staging", seen=version.lock_version
            )
        )

    def test_targets_and_strategies(self):
        version = self.at("Staging")
        with self.assertRaises(UserError):
            self.versions("ben").approve_deployment(version.id, "production")
        with self.assertRaises(UserError):
            self.versions("ben").approve_promotion(version.id, "staging", "rolling")
        with self.assertRaises(UserError):
            self.versions("ben").approve_promotion(version.id, "production", "recreate")
        with self.assertRaises(UserError):
            self.versions("ben").reject(self.at("Validated").id, "  ")
        with self.assertRaises(MissingError):
            self.versions("ben").approve_deployment(2**30, "staging")

    def test_one_deployment_at_a_time(self):
        first = self.at("PendingStagingDeployment")
        second = self.at(
            "PendingStagingDeployment", version=self.register(name=first.model_id.name, version="2")
        )
        self.assertEqual(
            (first.status, second.status), ("StagingFailed", "PendingStagingDeployment")
        )
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            self.env.cr.execute(
                """INSERT INTO mlops_deployment (version_id, model_id, environment_id, approval_id, strategy, approved_step, skip_to,
                                                 generation, desired, phase, requested_by_id, lock_version, is_live, deadline_at)
                   SELECT %s, model_id, environment_id, approval_id, strategy, approved_step, skip_to, generation, desired, phase,
                          requested_by_id, lock_version, is_live, deadline_at FROM mlops_deployment WHERE id = %s""",
                [first.id, self.newest_deployment(second).id],
            )

    def test_limits_of_the_environment(self):
        version = self.at("Validated", serving={"replicas": 3, "gpus": 4})
        with self.assertRaisesRegex(UserError, "3 replicas with 4 GPUs"):
            self.versions("ben").approve_deployment(version.id, "staging")

    def test_live_supersedes_and_rollback_brings_back(self):
        first = self.at("Live")
        first_live = self.newest_deployment(first)
        second = self.supersede(first)
        self.assertEqual((first.status, second.status), ("Superseded", "Live"))
        self.assertEqual((first.is_available, second.is_available), (False, True))
        self.assertEqual(
            (first_live.desired, first_live.phase, first_live.is_live),
            ("kept", "Superseded", False),
        )
        self.assertTrue(first_live.keep_until)
        self.assertEqual(second.model_id.live_version_id, second)
        with self.refused("stale"):
            self.versions("ben").rollback(second.id, "production", seen=1)
        with self.assertRaises(MissingError):
            self.versions("ben").rollback(
                second.id, "production", of=self.at("Validated").model_id.id
            )
        answer = self.versions("ben").rollback(
            second.id,
            "production",
            seen=second.lock_version,
            reason="worse answers",
            of=second.model_id.id,
        )
        self.assertEqual(
            (answer["versionId"], answer["status"], second.status),
            (first.id, "PendingProdDeployment", "Live"),
        )
        deployment = self.env["mlops.deployment"].browse(answer["deploymentId"])
        self.assertTrue(deployment.approval_id.is_rollback)
        self.facts(deployment, "Ready")
        self.assertEqual((first.status, second.status), ("Live", "Superseded"))
        self.assertEqual(
            (first_live.desired, first_live.keep_until),
            ("removed", False),
            "kept once, whatever often it goes to and fro",
        )
        self.assertEqual(
            self.versions("ben")._visible(first.id)._rollback_version().id,
            second.id,
            "and back again",
        )

    def test_nothing_to_roll_back_to(self):
        version = self.at("Live")
        with self.assertRaisesRegex(UserError, "no earlier version"):
            self.versions("ben").rollback(version.id, "production")

    def test_archiving_removes_what_runs(self):
        version = self.at("Staging")
        deployment = self.newest_deployment(version)
        self.versions("mia").archive_version(version.id)
        self.assertEqual((deployment.desired, deployment.is_live), ("removed", False))
        endpoint = self.env["mlops.endpoint"].search([("model_id", "=", version.model_id.id)])
        self.assertFalse(endpoint.is_available)

    def test_a_rejection_says_why(self):
        version = self.at("Validated")
        self.versions("ben").reject(version.id, "the licence is missing")
        self.assertEqual(version.status_reason, "Rejected: the licence is missing")
        self.assertEqual(version.approval_ids.decision, "rejected")

    def test_approvers_are_asked(self):
        version = self.at("Validated", submitter="abe")
        asked = version.activity_ids.user_id
        self.assertIn(self.people["ben"], asked)
        self.assertIn(self.people["abe"], asked, "staging does not want four eyes")
        self.assertNotIn(self.people["vera"], asked)
        self.assertNotIn(self.people["olga"], asked)
        self.versions("ben").approve_deployment(version.id, "staging", comment="go")
        self.assertFalse(version.activity_ids)
        self.build(version)
        self.facts(self.newest_deployment(version), "Ready")
        self.assertNotIn(self.people["abe"], version.activity_ids.user_id)
        self.assertIn(self.people["ben"], version.activity_ids.user_id)

    def test_the_dialog_decides(self):
        version = self.at("Validated")
        action = version.with_user(self.people["ben"]).action_deploy()
        self.of("mlops.decision", "ben").browse(action["res_id"]).confirm()
        self.assertEqual(version.status, "PendingStagingDeployment")
        with self.assertRaises(AccessError):
            version.with_user(self.people["ada"]).action_promote()

    def test_each_stop_in_the_chatter(self):
        version = self.at("Live")
        said = " ".join(version.message_ids.mapped("body"))
        for word in (
            "Validated",
            "Pending staging deployment",
            "Staging",
            "Pending production deployment",
            "Live",
        ):
            self.assertIn(f"<b>{word}</b>", said)
        self.assertIn(self.people["ada"].partner_id, version.message_partner_ids)
