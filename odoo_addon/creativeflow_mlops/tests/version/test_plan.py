from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged

from ..rollout_case import RolloutCase


@tagged("post_install", "-at_install")
class TestPlan(RolloutCase):
    """What a promotion would be, for the bridge to hold against its cluster."""

    def plan(self, version, login="ben", target="production", strategy="blue-green"):
        return self.versions(login).promotion_plan(version.id, target, strategy)

    def test_what_the_work_will_be(self):
        version = self.at("Staging", serving={"replicas": 2, "gpus": 1})
        events, status = self.env["mlops.event"].search_count([]), version.status
        plan = self.plan(version)
        self.assertEqual(
            (self.env["mlops.event"].search_count([]), version.status),
            (events, status),
            "nothing is changed",
        )
        self.versions("ben").approve_promotion(version.id, "production", "blue-green")
        work = self.deployments("bridge").work(self.newest_deployment(version).id)
        self.assertEqual(plan, {name: work[name] for name in plan})
        self.assertEqual(
            (plan["serving"], plan["queueUntil"], plan["queue"]),
            ({"replicas": 2, "gpus": 1}, None, []),
        )

    def test_a_canary_with_its_steps(self):
        self.assertEqual(
            self.plan(self.at("Staging"), strategy="canary")["steps"], self.production._steps()
        )

    def test_behind_those_who_wait(self):
        self.production.queue_minutes = 10
        first = self.at("Staging")
        self.versions("ben").approve_promotion(first.id, "production", "blue-green")
        self.facts(
            self.newest_deployment(first),
            "Progressing",
            observed={"rollout": {"step": 0, "steps": [], "waitingFor": "room"}},
        )
        plan = self.plan(self.at("Staging"))
        self.assertEqual([one["name"] for one in plan["queue"]], [first.model_id.name])
        self.assertTrue(plan["queueUntil"])

    def test_for_who_may_promote(self):
        version = self.at("Staging", submitter="abe")
        for login in ("ben", "mia", "abe"):
            with self.subTest(login):
                self.assertEqual(self.plan(version, login)["versionId"], version.id)
        for login in ("vera", "ada", "bridge", "n8n", "outsider"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.plan(version, login)
        with self.assertRaises(MissingError):
            self.plan(version, "olga")

    def test_only_what_could_be_promoted(self):
        with self.assertRaisesRegex(UserError, "recreate is not allowed"):
            self.plan(self.at("Staging"), strategy="recreate")
        with self.assertRaisesRegex(UserError, "deploy to staging first"):
            self.plan(self.at("Validated"))
        with self.assertRaises(UserError):
            self.plan(self.at("Staging"), target="staging")
