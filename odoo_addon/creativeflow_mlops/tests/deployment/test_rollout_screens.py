from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ...domain.analysis_rows import (
    judged_signals,
    judging,
    with_signals,
)
from ...models.mixins.protected_fields import keyed
from ..common import Cast
from ..rollout_case import AT, STEPS, RolloutCase

STEERING = ("can_pause", "can_resume", "can_approve_step", "can_skip_step", "can_abort")
# (paused, kind of the step, who) → the buttons that the form shows
SHOWN = {
    (False, "wait", "ben"): "pause skip_step abort",
    (True, "judge", "ben"): "resume skip_step abort",
    (False, "approve", "mia"): "pause approve_step abort",
    (False, "approve", "abe"): "pause abort",
    (False, "weight", "ben"): "pause abort",
    (False, "wait", "vera"): "",
    (False, "wait", "ada"): "",
}


@tagged("post_install", "-at_install")
class TestRolloutScreens(RolloutCase):
    def test_each_sees_the_buttons_that_are_theirs(self):
        for (paused, kind, login), shown in SHOWN.items():
            with self.subTest(f"{login} at {kind}"):
                _version, deployment = self.begin(submitter="abe")
                if paused:
                    self.deployments("ben").pause(deployment.id)
                self.reach(deployment, AT[kind])
                seen = self.deployments(login).browse(deployment.id)
                self.assertEqual(
                    [name for name in STEERING if seen[name]],
                    [f"can_{one}" for one in shown.split()],
                )

    def test_what_was_seen_last_is_not_what_a_superseded_deployment_has(self):
        version = self.at("Live")
        deployment = self.newest_deployment(version)
        keyed(deployment).write(
            {"observed": {"rollout": {"step": 3, "weight": 100, "steps": STEPS, "judgements": []}}}
        )
        self.assertEqual((deployment.rollout["weight"], deployment.rollout["ended"]), (100, None))
        self.supersede(version)
        self.assertEqual(
            (deployment.rollout["weight"], deployment.rollout["ended"]), (0, "Superseded")
        )

    def test_a_judgement_counts_and_says_when_it_begins_anew(self):
        judge = {"kind": "judge", "minRequests": 20}
        counted = {"step": 1, "numbers": {"canary": {"requests": 7}}}
        cases = [
            ({"step": 0}, None),
            ({"step": 1}, {"counted": None, "needed": 20, "anew": False}),
            ({"step": 1, "judgements": [counted]}, {"counted": 7, "needed": 20, "anew": False}),
            (
                {"step": 1, "anew": True, "judgements": []},
                {"counted": None, "needed": 20, "anew": True},
            ),
            (
                {
                    "step": 1,
                    "judgements": [{**counted, "numbers": {**counted["numbers"], "anew": True}}],
                },
                {"counted": 7, "needed": 20, "anew": True},
            ),
            ({}, None),
            ({"step": 9}, None),
        ]
        for seen, said in cases:
            with self.subTest(seen):
                self.assertEqual(judging(seen, [{"kind": "preview"}, judge]), said)

    def test_the_rollout_step_by_step(self):
        version, deployment = self.begin()
        shown = self.deployments("vera").browse(deployment.id).rollout
        self.assertEqual(
            {step["state"] for step in shown["steps"]}, {"next"}, "the bridge has said nothing yet"
        )
        self.reach(deployment, AT["judge"])
        shown = deployment.rollout
        self.assertEqual(
            [step["state"] for step in shown["steps"]], ["done"] * 3 + ["now"] + ["next"] * 2
        )
        self.assertEqual(
            (shown["weight"], shown["waitingFor"], shown["next"]), (10, "time", "Judge it.")
        )
        self.deployments("ben").pause(deployment.id)
        self.assertEqual(
            (deployment.rollout["waitingFor"], deployment.rollout["until"]), ("pause", None)
        )
        self.deployments("ben").resume(deployment.id)
        self.facts(deployment, "Ready")
        self.assertEqual(
            (deployment.rollout["weight"], {step["state"] for step in deployment.rollout["steps"]}),
            (100, {"done"}),
        )
        self.assertEqual(version.action_view_rollout()["res_id"], deployment.id)

    def test_what_was_judged_stands_beside_what_was_allowed(self):
        step = {
            "kind": "judge",
            "minRequests": 20,
            "maxErrorRate": 0.01,
            "maxLatencyRatio": 1.5,
            "maxRestarts": 1,
            "minAgreement": 0.9,
            "signal": {"model": "crm.lead", "domain": [], "maxIncrease": 2},
        }
        good = {
            "stable": {"requests": 100, "errors": 2, "p95Ms": 40},
            "canary": {"requests": 100, "errors": 3, "p95Ms": 60},
            "restarts": 1,
            "signal": {"before": 3, "during": 5},
            "agreement": {"agreed": 18, "asked": 20},
        }
        few = {"requests": 7, "errors": 7, "p95Ms": 900}

        def standing(numbers, by=step):
            return {one["name"]: one["standing"] for one in judged_signals({**good, **numbers}, by)}

        limits = {one["name"]: one["limit"] for one in judged_signals(good, step)}
        self.assertEqual(
            limits,
            {
                "requests": 20,
                "errors": 0.03,
                "p95": 60,
                "restarts": 1,
                "agreement": 0.9,
                "signal": 5,
            },
        )
        self.assertEqual(
            standing({}),
            {
                "requests": "enough",
                **dict.fromkeys(("errors", "p95", "restarts", "agreement", "signal"), "within"),
            },
        )
        cases = [
            ({"canary": few}, {"requests": "few", "errors": "early", "p95": "early"}),
            ({"restarts": 2}, {"restarts": "over"}),
            (
                {"canary": {"requests": 100, "errors": 4, "p95Ms": 61}},
                {"errors": "over", "p95": "over"},
            ),
            ({"agreement": {"agreed": 17, "asked": 20}}, {"agreement": "below"}),
            ({"agreement": {"agreed": 0, "asked": 0}}, {"agreement": "below"}),
            ({"signal": {"before": 3, "during": 6}}, {"signal": "over"}),
            ({"stable": few}, {"p95": "free"}),
            (
                {
                    "stable": {"requests": 100, "errors": 0, "p95Ms": 2},
                    "canary": {"requests": 100, "errors": 0, "p95Ms": 6.9},
                },
                {"p95": "within"},
            ),
        ]
        for numbers, expected in cases:
            with self.subTest(str(expected)):
                self.assertEqual({name: standing(numbers)[name] for name in expected}, expected)
        self.assertEqual(set(standing({}, None).values()), {"free"})
        self.assertEqual({one["standing"] for one in judged_signals({}, step)}, {"early", "free"})
        shown = with_signals(
            [{"step": 1, "numbers": good}, {"step": 9, "numbers": None}], [{"kind": "wait"}, step]
        )
        self.assertEqual(
            [(one["step"], one["signals"][0]["standing"]) for one in shown],
            [(9, "free"), (1, "enough")],
        )

    def test_what_is_followed_is_put_in_words_whatever_it_is(self):
        deployment = self.newest_deployment(self.at("PendingProdDeployment"))
        steps = [
            {"kind": "scale", "percent": 100 / 3},
            {"kind": "weight", "percent": 33},
            {"kind": "shrink", "pods": 2},
            {"kind": "news"},
        ]
        self.facts(
            deployment,
            "Progressing",
            observed={"rollout": {"step": 1, "steps": steps, "weight": 0, "judgements": []}},
        )
        self.assertEqual(len(deployment.rollout["steps"]), 4)

    def test_the_dialog_is_a_dry_run(self):
        live = self.at("Live")
        version = self.at(
            "Staging",
            version=self.register(
                "ada", name=live.model_id.name, version="2.0.0", serving={"replicas": 3}
            ),
        )
        action = self.versions("ben").browse(version.id).action_promote()
        dialog = self.of("mlops.decision", "ben").browse(action["res_id"])
        self.assertEqual(
            dialog.plan["sentences"],
            [
                "Start 3 of 3 pods of 2.0.0.",
                "Smoke-test 2.0.0 on its preview route.",
                "Send 100 % of traffic to 2.0.0.",
            ],
        )
        dialog.strategy = "rolling"
        self.assertEqual(
            dialog.plan["sentences"][:4],
            [
                "Start 1 of 3 pods of 2.0.0.",
                "Smoke-test 2.0.0 on its preview route.",
                "Send 33 % of traffic to 2.0.0, 67 % stay with 1.0.0.",
                "Scale 1.0.0 to 2 of 3 pods.",
            ],
        )
        dialog.strategy = "canary"
        self.assertIn(
            "Send 1 % of traffic to 2.0.0, 99 % stay with 1.0.0.", dialog.plan["sentences"]
        )
        self.assertEqual((dialog.plan["atLeast"], len(dialog.plan["sentences"])), ("5 min", 11))
        self.assertFalse(dialog.strategy_refusal)
        self.production.allow_canary = False
        dialog.invalidate_recordset()
        self.assertIn("not allowed there", dialog.strategy_refusal)
        self.production.allow_canary = True
        dialog.confirm()
        self.assertEqual(self.newest_deployment(version).strategy, "canary")

    def test_the_dialogs_ask_why(self):
        version, deployment = self.begin()
        self.reach(deployment, AT["judge"])
        seen = self.deployments("ben").browse(deployment.id)
        skip = self.of("mlops.steering", "ben").browse(seen.action_skip_step()["res_id"])
        skip.reason = "seen it before"
        skip.confirm()
        self.assertEqual(deployment.skip_to, AT["judge"] + 1)
        abort = self.of("mlops.steering", "ben").browse(seen.action_abort()["res_id"])
        self.assertEqual(abort.consequence, "Nothing will be live.")
        abort.reason = "enough"
        abort.confirm()
        self.assertEqual(version.status_reason, "Aborted by Ben: enough")
        with self.assertRaises(AccessError):
            self.deployments("ada").browse(deployment.id).action_abort()

    def test_every_view_opens(self):
        for model, login, views in (
            ("mlops.deployment", "vera", ("form", "list", "search")),
            ("mlops.environment", "mia", ("form", "list")),
            ("mlops.steering", "ben", ("form",)),
        ):
            for view in views:
                with self.subTest(f"{model} {view}"):
                    self.assertIn("arch", self.of(model, login).get_view(view_type=view))


@tagged("post_install", "-at_install")
class TestRolloutTour(HttpCase, Cast):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()

    def test_an_approver_steers_in_the_form(self):
        self.env["mlops.environment"]._of(self.company, "production").own_steps = True
        live = self.at("Live", version=self.register("ada", name="Tour rollout"))
        version = self.at(
            "Staging", version=self.register("ada", name=live.model_id.name, version="2.0.0")
        )
        self.versions("ben").approve_promotion(version.id, "production", "canary", steps=STEPS)
        deployment = self.newest_deployment(version)
        self.facts(
            deployment,
            "Progressing",
            observed={
                "rollout": {
                    "step": AT["judge"],
                    "steps": STEPS,
                    "waitingFor": "judgement",
                    "until": None,
                    "weight": 10,
                    "next": "Then a person lets it go on.",
                    "judgements": [
                        {
                            "step": AT["judge"],
                            "verdict": "wait",
                            "sentence": "7 of 20 requests so far.",
                            "numbers": {
                                "stable": {"requests": 63, "errors": 0, "p95Ms": 12},
                                "canary": {"requests": 7, "errors": 0, "p95Ms": 14},
                                "restarts": 0,
                                "signal": None,
                            },
                        }
                    ],
                }
            },
        )
        self.start_tour(
            f"/odoo/mlops-deployments/{deployment.id}",
            "creativeflow_mlops_rollout",
            login="mlops-ben",
        )
        self.assertEqual(version.status_reason, "Aborted by Ben: Not today.")
