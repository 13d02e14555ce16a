from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.mixins.protected_fields import keyed
from ..common import MlopsCase

DRIFT = [
    {
        "kind": "DeploymentChanged",
        "part": "cluster",
        "subject": "digits-v1 spec.replicas",
        "expected": "2",
        "found": "1",
        "remedy": "It is put back.",
    }
]
ACTIVITY = "creativeflow_mlops.activity_integrity"


@tagged("post_install", "-at_install")
class TestIntegrity(MlopsCase):
    def setUp(self):
        super().setUp()
        self.version = self.at("Live")
        self.deployment = self.newest_deployment(self.version)

    def bridge(self):
        return self.of("mlops.deployment", "bridge")

    def due(self, every=60):
        return {
            one["work"]["deploymentId"]: one
            for one in self.bridge().integrity_round(every, 86400, 100)
        }

    def report(self, state="bad", differences=DRIFT, **more):
        return self.bridge().report_integrity(
            self.deployment.id,
            self.deployment.generation,
            state,
            "DeploymentChanged",
            "digits-v1 spec.replicas: expected 2, found 1.",
            differences,
            **more,
        )

    def events(self):
        return self.env["mlops.event"].search(
            [("deployment_id", "=", self.deployment.id), ("topic", "=", "deployment.integrity")]
        )

    def activities(self):
        return self.version.activity_search([ACTIVITY])

    def test_each_is_given_out_once_in_an_interval(self):
        mine = self.due()
        self.assertIn(self.deployment.id, mine)
        one = mine[self.deployment.id]
        self.assertEqual((one["policy"], one["deep"], one["witness"]), ("put-back", True, {}))
        self.assertEqual(
            {artifact["filename"] for artifact in one["artifacts"]},
            {"model.safetensors", "Dockerfile"},
        )
        self.assertTrue(all(artifact["objectKey"] for artifact in one["artifacts"]))
        self.assertNotIn(self.deployment.id, self.due(), "another bridge has it")
        self.assertIn(self.deployment.id, self.due(0), "the interval is over")

    def test_what_is_kept_is_looked_at_and_what_is_removed_is_not(self):
        self.supersede(self.version)
        self.assertEqual(self.deployment.desired, "kept")
        self.assertIn(self.deployment.id, self.due(0))
        self.deployment._want("removed")
        self.assertNotIn(self.deployment.id, self.due(0))

    def test_a_difference_is_told_and_ends(self):
        self.assertTrue(self.report("good", [])["accepted"])
        self.assertFalse(self.events(), "that nothing is wrong is no news")
        self.assertTrue(self.report(put_back=["DeploymentChanged"])["accepted"])
        self.assertEqual(self.events()[:1].payload["putBack"], ["DeploymentChanged"])
        shown = self.versions("vera").detail(self.version.id)["deployments"]
        condition = next(one for one in shown if one["id"] == self.deployment.id)["conditions"][-1]
        self.assertEqual(
            (condition["type"], condition["status"], condition["reason"]),
            ("Integrity", "False", "DeploymentChanged"),
        )
        self.assertIn("expected 2, found 1", condition["message"])
        asked = self.activities().user_id
        self.assertIn(self.people["ben"], asked)
        self.assertNotIn(self.people["ada"], asked)
        self.report()
        self.assertEqual((len(self.events()), len(self.activities())), (1, len(asked)), "told once")
        self.report("good", [])
        self.assertEqual((len(self.events()), self.deployment.integrity_details), (2, False))
        self.assertFalse(self.activities())

    def test_to_do_the_activity_approves_nothing(self):
        version = self.at("Staging")
        deployment = self.newest_deployment(version)
        self.bridge().report_integrity(
            deployment.id,
            deployment.generation,
            "bad",
            "RouteMissing",
            "The route is missing.",
            DRIFT,
        )
        version.activity_search([ACTIVITY]).filtered(
            lambda one: one.user_id == self.people["ben"]
        ).with_user(self.people["ben"]).action_done()
        self.assertEqual(version.status, "Staging")

    def test_bytes_that_were_read_are_remembered(self):
        witness = {"artifacts/1/m": {"mark": "e1", "digest": "sha256:" + "a" * 64}}
        self.report("good", [], witness=witness, read=True)
        one = self.due(0)[self.deployment.id]
        self.assertEqual((one["witness"], one["deep"]), (witness, False))
        keyed(self.deployment).write(
            {"integrity_read_at": fields.Datetime.subtract(fields.Datetime.now(), days=2)}
        )
        self.assertTrue(self.due(0)[self.deployment.id]["deep"])

    def test_stale_reports_and_other_people(self):
        answer = self.bridge().report_integrity(
            self.deployment.id, self.deployment.generation + 1, "bad"
        )
        self.assertEqual(answer, {"accepted": False, "reason": "StaleGeneration"})
        with self.assertRaises(UserError):
            self.bridge().report_integrity(self.deployment.id, self.deployment.generation, "so-so")
        for login in ("vera", "ada", "ben", "mia", "n8n", "admin"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                self.of("mlops.deployment", login).report_integrity(
                    self.deployment.id, self.deployment.generation, "good"
                )
            with self.subTest(login=login), self.assertRaises(AccessError):
                self.of("mlops.deployment", login).integrity_round(60, 60)
        with self.assertRaises(AccessError):
            self.of("mlops.deployment", "mia").browse(self.deployment.id).write(
                {"integrity_state": "good"}
            )

    def test_what_is_removed_asks_for_nothing_more(self):
        self.report()
        self.deployment._stop_serving()
        self.assertFalse(self.deployment.integrity_state)
        self.assertFalse(self.activities())
