import psycopg2.errors

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import MlopsCase, digest


@tagged("post_install", "-at_install")
class TestConstraints(MlopsCase):
    """What the database holds whoever writes: here with SQL, as the owner of the tables."""

    def refuse(self, error, query, *parameters):
        self.env.flush_all()
        with (
            self.subTest(query=query),
            mute_logger("odoo.sql_db"),
            self.assertRaises(error),
            self.env.cr.savepoint(flush=False),
        ):
            self.env.cr.execute(query, parameters)

    def test_versions(self):
        version = self.at("Staging")
        check = psycopg2.errors.CheckViolation
        self.refuse(
            check, "UPDATE mlops_model_version SET status = 'Great' WHERE id = %s", version.id
        )
        self.refuse(
            check,
            "UPDATE mlops_model_version SET image_digest = %s WHERE id = %s",
            digest("e"),
            version.id,
        )
        self.refuse(
            check, "UPDATE mlops_model_version SET image_digest = NULL WHERE id = %s", version.id
        )
        self.refuse(
            check,
            "UPDATE mlops_model_version SET submitter_id = %s WHERE id = %s",
            self.people["ben"].id,
            version.id,
        )
        self.refuse(
            check, "UPDATE mlops_model_version SET name = 'other' WHERE id = %s", version.id
        )
        self.refuse(
            check, "UPDATE mlops_model_version SET is_available = true WHERE id = %s", version.id
        )
        fresh = self.register()
        self.refuse(check, "UPDATE mlops_model_version SET status = 'Live' WHERE id = %s", fresh.id)
        live = self.at("Live")
        other = self.at(
            "PendingProdDeployment", version=self.register(name=live.model_id.name, version="2")
        )
        self.refuse(
            psycopg2.errors.UniqueViolation,
            "UPDATE mlops_model_version SET status = 'Live' WHERE id = %s",
            other.id,
        )

    def test_artifacts_are_immutable(self):
        artifact = self.register().artifact_ids[0]
        for assignment in (
            "digest = 'sha256:' || repeat('0', 64)",
            "size = 1",
            "object_key = 'x'",
            "kind = 'side'",
            "filename = 'x'",
        ):
            self.refuse(
                psycopg2.errors.CheckViolation,
                f"UPDATE mlops_artifact SET {assignment} WHERE id = %s",
                artifact.id,
            )
        self.assertEqual(max(self.register().artifact_ids.mapped("size")), 3 * 2**31)

    def test_four_eyes(self):
        version = self.at("Live")
        approval = version.approval_ids.filtered(
            lambda one: one.environment_id.kind == "production"
        )
        self.assertTrue(approval.four_eyes)
        check = psycopg2.errors.CheckViolation
        self.refuse(
            check, "UPDATE mlops_approval SET user_id = submitter_id WHERE id = %s", approval.id
        )
        self.refuse(
            check,
            "UPDATE mlops_approval SET four_eyes = NULL, user_id = submitter_id WHERE id = %s",
            approval.id,
        )
        self.refuse(
            check, "UPDATE mlops_approval SET is_rollback = NULL WHERE id = %s", approval.id
        )
        null = psycopg2.errors.NotNullViolation
        self.refuse(
            null, "UPDATE mlops_approval SET submitter_id = NULL WHERE id = %s", approval.id
        )
        self.refuse(null, "UPDATE mlops_approval SET user_id = NULL WHERE id = %s", approval.id)
        self.refuse(
            null, "UPDATE mlops_deployment SET approval_id = NULL WHERE version_id = %s", version.id
        )

    def test_one_live_deployment(self):
        first = self.at("Live")
        kept = self.newest_deployment(first)
        self.supersede(first)
        second = self.at(
            "PendingProdDeployment",
            version=self.register("ada", name=first.model_id.name, version="7"),
        )
        self.refuse(
            psycopg2.errors.UniqueViolation,
            "UPDATE mlops_deployment SET is_live = true WHERE id = %s",
            self.newest_deployment(second).id,
        )
        self.refuse(
            psycopg2.errors.CheckViolation,
            "UPDATE mlops_deployment SET is_live = true WHERE id = %s",
            kept.id,
        )
        waiting = self.newest_deployment(self.at("PendingStagingDeployment"))
        self.refuse(
            psycopg2.errors.CheckViolation,
            "UPDATE mlops_deployment SET deadline_at = NULL WHERE id = %s",
            waiting.id,
        )

    def test_the_journal_is_append_only(self):
        self.register()
        check = psycopg2.errors.CheckViolation
        self.refuse(check, "UPDATE mlops_event SET payload = '{}'")
        self.refuse(check, "UPDATE mlops_event SET topic = 'x'")
        self.refuse(check, "DELETE FROM mlops_event")
        self.env.cr.execute(
            "UPDATE mlops_event SET position = id, dispatched_at = now(), done_at = now() WHERE "
            "position IS NULL"
        )
        self.refuse(psycopg2.errors.UniqueViolation, "UPDATE mlops_event SET position = 7")

    def test_slug(self):
        model = self.register().model_id
        for slug in ("Upper", "-a", "a-", "9a", "a" * 41, "a_b", ""):
            self.refuse(
                psycopg2.errors.CheckViolation,
                "UPDATE mlops_model SET slug = %s WHERE id = %s",
                slug,
                model.id,
            )

    def test_environments(self):
        environment = self.env["mlops.environment"]._of(self.company, "staging")
        self.refuse(
            psycopg2.errors.UniqueViolation,
            "UPDATE mlops_environment SET kind = 'production' WHERE id = %s",
            environment.id,
        )
        self.refuse(
            psycopg2.errors.CheckViolation,
            "UPDATE mlops_environment SET four_eyes = NULL WHERE id = %s",
            environment.id,
        )
        self.refuse(
            psycopg2.errors.CheckViolation,
            "UPDATE mlops_environment SET ready_deadline_seconds = 0 WHERE id = %s",
            environment.id,
        )
        self.assertEqual(
            len(self.env["mlops.environment"].search([("company_id", "=", self.other_company.id)])),
            2,
        )
