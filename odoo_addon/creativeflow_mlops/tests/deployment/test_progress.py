from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..rollout_case import RolloutCase


@tagged("post_install", "-at_install")
class TestProgress(RolloutCase):
    """The step that a rollout has come to is kept here: who may write in the cluster passes no gate
    with it.
    """

    def record(self, deployment, step, generation=None, **more):
        progress = {
            "step": step,
            "since": "2026-01-01T00:00:00.000Z",
            "baseline": None,
            "judgements": [],
            "interrupted": False,
            **more,
        }
        return self.of("mlops.deployment", "bridge").record_progress(
            deployment.id, generation or deployment.generation, progress
        )

    def test_it_is_kept_and_given_back_with_the_work(self):
        deployment = self.begin()[1]
        self.assertIsNone(self.of("mlops.deployment", "bridge").work(deployment.id)["progress"])
        answer = self.record(deployment, 2, baseline={"restarts": 0})
        self.assertEqual((answer["accepted"], answer["progress"]["step"]), (True, 2))
        self.facts(
            deployment,
            "Progressing",
            reason="Waiting.",
            observed={"rollout": {"step": 0, "steps": []}},
        )
        progress = self.of("mlops.deployment", "bridge").work(deployment.id)["progress"]
        self.assertEqual(
            (progress["step"], progress["baseline"]),
            (2, {"restarts": 0}),
            "what is observed does not change it",
        )

    def test_it_never_goes_back(self):
        deployment = self.begin()[1]
        self.record(deployment, 3)
        answer = self.record(deployment, 2, interrupted=True)
        self.assertEqual(
            (answer["accepted"], answer["progress"]["step"], answer["progress"]["interrupted"]),
            (True, 3, False),
        )
        self.assertTrue(
            self.record(deployment, 3, interrupted=True)["progress"]["interrupted"],
            "the same step may begin again",
        )

    def test_another_generation_records_nothing(self):
        deployment = self.begin()[1]
        for generation in (deployment.generation + 1, deployment.generation - 1):
            self.assertFalse(self.record(deployment, 2, generation or -1)["accepted"])
        self.assertFalse(deployment.progress)

    def test_it_outlives_what_people_say(self):
        deployment = self.begin()[1]
        self.record(deployment, 2)
        self.deployments("ben").pause(deployment.id, "slow down")
        self.assertEqual(
            self.of("mlops.deployment", "bridge").work(deployment.id)["progress"]["step"], 2
        )

    def test_what_is_not_awaited_records_nothing(self):
        deployment = self.newest_deployment(self.at("Live"))
        self.assertFalse(self.record(deployment, 2)["accepted"])

    def test_nonsense_is_refused(self):
        deployment = self.begin()[1]
        for progress in (
            None,
            [],
            {},
            {"step": 1},
            {"step": True, "since": "2026-01-01"},
            {"step": -1, "since": "2026-01-01"},
            {"step": 10**9, "since": "2026-01-01"},
            {"step": 1, "since": "yesterday"},
            {"step": 1, "since": 5},
        ):
            with self.subTest(progress=progress), self.assertRaises(UserError):
                self.of("mlops.deployment", "bridge").record_progress(
                    deployment.id, deployment.generation, progress
                )

    def test_only_the_bridge_records(self):
        deployment = self.begin()[1]
        for login in ("vera", "ada", "ben", "mia", "n8n"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.of("mlops.deployment", login).record_progress(
                    deployment.id, deployment.generation, {"step": 9, "since": "2026-01-01"}
                )
        self.assertFalse(deployment.progress)

    def test_what_serves_is_told_from_the_record(self):
        version, deployment = self.begin()
        self.assertIsNone(
            self.of("mlops.deployment", "bridge").work(deployment.id)["stable"], "nothing is live"
        )
        first = self.at("Live")
        second = self.at(
            "Staging", version=self.register("ada", name=first.model_id.name, version="2")
        )
        self.versions("ben").approve_promotion(
            second.id, "production", "canary", steps=deployment.steps
        )
        work = self.of("mlops.deployment", "bridge").work(self.newest_deployment(second).id)
        self.assertEqual(work["stable"]["versionId"], first.id)
        self.assertEqual(work["stable"]["imageDigest"], first.image_digest)
        self.assertEqual(work["previous"]["versionId"], first.id)
