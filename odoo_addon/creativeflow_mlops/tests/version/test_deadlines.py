from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...models.mixins.protected_fields import keyed
from ..common import MlopsCase


@tagged("post_install", "-at_install")
class TestDeadlines(MlopsCase):
    def pass_by(self, table, column, record, **delta):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {table} SET {column} = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(**delta), record.id],  # pylint: disable=sql-injection
        )
        self.env.invalidate_all()

    def tick(self):
        self.env["mlops.model.version"]._cron_deadlines()

    def test_a_scan_that_never_ends(self):
        version, other = self.register(), self.register()
        self.pass_by("mlops_model_version", "status_changed_at", version, seconds=901)
        self.tick()
        self.assertEqual((version.status, other.status), ("ValidationFailed", "Validating"))
        self.assertTrue(version.status_reason.startswith("ScanDeadline"))
        late = self.validate(version)
        self.assertEqual(
            (late["accepted"], late["reason"], version.status),
            (False, "NotValidating", "ValidationFailed"),
        )
        self.versions("ada").rescan(version.id)
        self.assertTrue(self.validate(version)["accepted"])

    def test_a_build_that_never_ends(self):
        version = self.at("PendingStagingDeployment")
        self.pass_by("mlops_deployment", "deadline_at", self.newest_deployment(version), seconds=1)
        self.tick()
        self.assertEqual(
            (version.status, version.build_state, self.newest_deployment(version).phase),
            ("StagingFailed", "failed", "Failed"),
        )
        self.assertTrue(version.status_reason.startswith("BuildDeadline"))
        self.assertFalse(self.build(version)["accepted"])

    def test_a_rollout_that_never_is_ready(self):
        for status, failed in (
            ("PendingStagingDeployment", "StagingFailed"),
            ("PendingProdDeployment", "ProdFailed"),
        ):
            with self.subTest(status):
                version = self.at(status)
                if status == "PendingStagingDeployment":
                    self.build(version)
                deployment = self.newest_deployment(version)
                self.facts(deployment, "Progressing", reason="FailedScheduling: no GPU")
                self.tick()
                self.assertEqual(version.status, status)
                self.pass_by("mlops_deployment", "deadline_at", deployment, seconds=1)
                self.tick()
                self.assertEqual(version.status, failed)
                self.assertIn("ReadyDeadline", version.status_reason)
                self.assertIn("no GPU", version.status_reason)
                self.assertEqual(deployment.desired, "removed")

    def test_kept_until_its_time(self):
        version = self.at("Live")
        kept = self.newest_deployment(version)
        self.supersede(version)
        self.tick()
        self.assertEqual(kept.desired, "kept")
        generation = kept.generation
        self.pass_by("mlops_deployment", "keep_until", kept, seconds=1)
        self.tick()
        self.assertEqual((kept.desired, kept.generation), ("removed", generation + 1))
        self.assertTrue(
            self.env["mlops.event"].search_count(
                [
                    ("command", "=", "reconcile"),
                    ("command_key", "=", f"deployment:{kept.id}"),
                    ("generation", "=", generation + 1),
                ]
            )
        )

    def test_what_is_coming_back_is_not_removed(self):
        version = self.at("Live")
        kept = self.newest_deployment(version)
        live = self.supersede(version)
        self.versions("ben").rollback(live.id, "production")
        self.pass_by("mlops_deployment", "keep_until", kept, seconds=1)
        self.tick()
        self.assertEqual(kept.desired, "kept")

    def test_nothing_pending_without_a_deployment(self):
        version = self.at("PendingStagingDeployment")
        self.changed_by_hand = True
        keyed(self.newest_deployment(version)).write({"desired": "removed"})
        self.pass_by("mlops_model_version", "status_changed_at", version, seconds=301)
        self.tick()
        self.assertEqual(version.status, "StagingFailed")
        self.assertIn("DeploymentLost", version.status_reason)
