from odoo.tests import tagged

from ..rollout_case import RolloutCase


@tagged("post_install", "-at_install")
class TestQueue(RolloutCase):
    """Who waits for room before whom, as the bridge is told."""

    def ask(self, waits=True, strategy="blue-green", **changes):
        version = self.at("Staging", **changes)
        answer = self.versions("ben").approve_promotion(version.id, "production", strategy)
        deployment = self.env["mlops.deployment"].sudo().browse(answer["deploymentId"])
        self.facts(
            deployment,
            "Progressing",
            reason="Waiting for room: no GPU is free.",
            observed={
                "rollout": {
                    "step": 0,
                    "steps": [],
                    "waitingFor": "room" if waits else "pods",
                    "weight": 0,
                    "judgements": [],
                }
            },
        )
        return deployment

    def queue(self, deployment):
        return self.deployments("bridge").work(deployment.id)["queue"]

    def test_the_first_first(self):
        self.production.queue_minutes = 10
        first, second = self.ask(serving={"replicas": 2, "gpus": 4}), self.ask()
        last = self.ask()
        self.assertEqual([one["deploymentId"] for one in self.queue(last)], [first.id, second.id])
        self.assertEqual([one["deploymentId"] for one in self.queue(second)], [first.id])
        self.assertEqual(self.queue(first), [])
        told = self.queue(second)[0]
        self.assertEqual(
            (told["name"], told["version"], told["serving"]),
            (first.model_id.name, "1.0.0", {"replicas": 2, "gpus": 4}),
        )
        self.assertEqual(
            (told["paused"], told["strategy"], told["steps"], told["previous"], told["queueUntil"]),
            (
                False,
                "blue-green",
                None,
                None,
                self.deployments("bridge").work(first.id)["queueUntil"],
            ),
        )

    def test_only_who_waits_for_room(self):
        self.production.queue_minutes = 10
        self.ask(waits=False)
        aborted, live, waiting = self.ask(), self.ask(), self.ask()
        self.deployments("ben").abort(aborted.id, "no")
        self.facts(live, "Ready")
        self.deployments("ben").pause(waiting.id)
        self.assertEqual(
            [(one["deploymentId"], one["paused"]) for one in self.queue(self.ask())],
            [(waiting.id, True)],
        )

    def test_with_what_serves_of_its_model(self):
        self.production.queue_minutes = 10
        live = self.at("Live", serving={"replicas": 1, "gpus": 1})
        serving = self.newest_deployment(live)
        self.facts(serving, "Ready", observed={"revision": "model-v7"})
        version = self.at(
            "Staging", version=self.register("ada", name=live.model_id.name, version="2.0.0")
        )
        answer = self.versions("ben").approve_promotion(version.id, "production", "canary")
        waiting = self.env["mlops.deployment"].sudo().browse(answer["deploymentId"])
        self.reach_room(waiting)
        told = self.queue(self.ask())[0]
        self.assertEqual(
            told["previous"], {"revision": "model-v7", "serving": {"replicas": 1, "gpus": 1}}
        )
        self.assertEqual((told["strategy"], told["steps"]), ("canary", self.production._steps()))

    def reach_room(self, deployment):
        self.facts(
            deployment,
            "Progressing",
            observed={"rollout": {"step": 0, "steps": [], "waitingFor": "room"}},
        )

    def test_nobody_waits_where_there_is_no_waiting(self):
        self.ask()
        self.assertEqual(self.queue(self.ask()), [])
