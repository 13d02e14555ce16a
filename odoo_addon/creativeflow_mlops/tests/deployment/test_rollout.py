from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import tagged

from ...domain.rollout_steps import (
    CANARY,
    JUDGE,
    steps_refusal,
    steps_seconds,
)
from ...domain.step_words import would_happen
from ...models.mixins.protected_fields import keyed
from ..rollout_case import ALL, AT, PREVIEW, SCALE, STEPS, RolloutCase

PEOPLE = ("vera", "ada", "ben", "mia", "bridge", "n8n", "outsider", "olga")

# method → (arguments after the deployment, {(paused, kind of the step): what becomes of the
# controls}); all else is refused
OPEN = [(paused, kind) for paused in (False, True) for kind in AT]
METHODS = {
    "pause": (lambda _step: ("slow down",), {one: {"paused": True} for one in OPEN if not one[0]}),
    "resume": (lambda _step: (), {one: {"paused": False} for one in OPEN if one[0]}),
    "approve_step": (
        lambda step: (step,),
        {one: {"approvedStep": 4} for one in OPEN if one[1] == "approve"},
    ),
    "skip_step": (
        lambda step: (step, "known good"),
        {one: {"skipTo": AT[one[1]] + 1} for one in OPEN if one[1] in ("wait", "judge")},
    ),
    "abort": (lambda _step: ("errors",), dict.fromkeys(OPEN)),
}

# list of steps → what is said of it; None: it is a list
LISTS = [
    (list(CANARY), None),
    ([SCALE, PREVIEW, ALL], None),
    (STEPS, None),
    ([SCALE, ALL, JUDGE], None),
    ([], "A canary needs"),
    ("scale", "A canary needs"),
    ([ALL] * 31, "There are 31 steps"),
    ([{"kind": "dance"}], "Step 1: its kind must be one of"),
    ([SCALE, None], "Step 2: its kind must be one of"),
    (
        [{"kind": "scale", "percent": 0}, ALL],
        "Step 1: percent of scale must be a whole number from 1 to 100",
    ),
    (
        [SCALE, {"kind": "weight", "percent": 1.5}, ALL],
        "Step 2: percent of weight must be a whole number",
    ),
    ([SCALE, {"kind": "weight", "percent": True}, ALL], "Step 2: percent of weight"),
    ([SCALE, {"kind": "preview", "percent": 3}, ALL], "Step 2: preview has no percent"),
    ([SCALE, {"kind": "wait"}, ALL], "Step 2: seconds of wait must be"),
    (
        [SCALE, {**JUDGE, "maxErrorRate": 2}, ALL],
        "Step 2: maxErrorRate of judge must be a number from 0 to 1",
    ),
    ([SCALE, {**JUDGE, "minAgreement": 0.9, "tolerance": 0.1}, ALL], None),
    (
        [SCALE, {**JUDGE, "minAgreement": 90}, ALL],
        "Step 2: minAgreement of judge must be a number from 0 to 1",
    ),
    (
        [SCALE, {**JUDGE, "tooLittle": "pass"}, ALL],
        "Step 2: tooLittle of judge must be wait or golden",
    ),
    (
        [SCALE, {**JUDGE, "signal": {"model": "res.partner"}}, ALL],
        "Step 2: a signal has model, domain and maxIncrease",
    ),
    ([ALL], "Step 1: no pod of the new version"),
    ([{"kind": "scale", "percent": 50}, ALL], "Step 2: all traffic would go to 50 % of the pods"),
    (
        [SCALE, {"kind": "weight", "percent": 50}, {"kind": "weight", "percent": 50}, ALL],
        "Step 3: the weight must rise, 50 % comes after 50 %",
    ),
    (
        [SCALE, {"kind": "weight", "percent": 50}],
        "Step 2: the last weight is 50 %, it must be 100 %",
    ),
    ([SCALE, PREVIEW], "Step 2: the last weight is 0 %"),
    ([SCALE, ALL, SCALE], "Step 3: all traffic is on the new version already"),
    ([SCALE, ALL, {"kind": "weight", "percent": 50}], "Step 3: the weight must rise"),
]


@tagged("post_install", "-at_install")
class TestRollout(RolloutCase):
    def test_lists_of_steps(self):
        for steps, said in LISTS:
            with self.subTest(said, steps=steps):
                answer = steps_refusal(steps)
                if said:
                    self.assertIn(said, answer)
                else:
                    self.assertIsNone(answer)
        self.assertEqual(steps_seconds(STEPS), 60 + 660 + 300)
        said = would_happen(STEPS, 3, "2.0", "1.0")
        self.assertEqual(
            said[:2],
            ["Start 3 of 3 pods of 2.0.", "Send 10 % of traffic to 2.0, 90 % stay with 1.0."],
        )

    def test_every_method_at_every_step(self):
        for method, (arguments, outcomes) in METHODS.items():
            for paused, kind in OPEN:
                with self.subTest(method=method, paused=paused, kind=kind):
                    version, deployment = self.begin()
                    if paused:
                        self.deployments("ben").pause(deployment.id)
                    self.reach(deployment, AT[kind])
                    generation, controls = deployment.generation, deployment._controls()
                    call = getattr(self.deployments("ben"), method)
                    if (paused, kind) not in outcomes:
                        with self.assertRaises(UserError):
                            call(deployment.id, *arguments(AT[kind]))
                        self.assertEqual(
                            (deployment.generation, deployment._controls()), (generation, controls)
                        )
                        continue
                    answer = call(deployment.id, *arguments(AT[kind]))
                    self.assertEqual(answer["deploymentId"], deployment.id)
                    self.assertEqual(deployment.generation, generation + 1)
                    self.assertEqual(
                        self.env["mlops.event"].search_count(
                            [
                                ("command", "=", "reconcile"),
                                ("command_key", "=", f"deployment:{deployment.id}"),
                                ("generation", "=", generation + 1),
                            ]
                        ),
                        1,
                    )
                    if method == "abort":
                        self.assertEqual(
                            (version.status, version.status_reason),
                            ("ProdFailed", "Aborted by Ben: errors"),
                        )
                        self.assertEqual(
                            (deployment.desired, deployment.phase), ("removed", "Failed")
                        )
                    else:
                        self.assertEqual(
                            deployment._controls(), {**controls, **outcomes[(paused, kind)]}
                        )
                    event = self.env["mlops.event"].search(
                        [("topic", "=", "rollout.steered"), ("deployment_id", "=", deployment.id)],
                        limit=1,
                    )
                    self.assertEqual(
                        (event.payload["by"], event.actor_id), ("Ben", self.people["ben"])
                    )

    def test_every_role_with_every_method(self):
        for method, (arguments, outcomes) in METHODS.items():
            paused, kind = next(iter(outcomes))
            for login in PEOPLE:
                with self.subTest(method=method, login=login):
                    _version, deployment = self.begin()
                    if paused:
                        self.deployments("ben").pause(deployment.id)
                    self.reach(deployment, AT[kind])
                    call = getattr(self.deployments(login), method)
                    if login in ("ben", "mia"):
                        self.assertTrue(call(deployment.id, *arguments(AT[kind])))
                    else:  # another company's manager does not even learn that it exists
                        with self.assertRaises(MissingError if login == "olga" else AccessError):
                            call(deployment.id, *arguments(AT[kind]))

    def test_four_eyes(self):
        _version, deployment = self.begin(submitter="abe")
        self.reach(deployment, AT["approve"])
        with self.assertRaisesRegex(AccessError, "second person"):
            self.deployments("abe").approve_step(deployment.id, AT["approve"])
        self.reach(deployment, AT["judge"])
        with self.assertRaisesRegex(AccessError, "second person"):
            self.deployments("abe").skip_step(deployment.id, AT["judge"], "mine is good")
        self.deployments("abe").pause(deployment.id, "wait")
        self.deployments("abe").resume(deployment.id)
        self.deployments("abe").abort(deployment.id, "mine is bad")

    def test_only_the_step_that_was_seen(self):
        _version, deployment = self.begin()
        with self.assertRaisesRegex(UserError, "not begun"):
            self.deployments("ben").skip_step(deployment.id, 2, "x")
        self.reach(deployment, AT["judge"])
        with self.assertRaisesRegex(UserError, "at step 4 now, not at step 3"):
            self.deployments("ben").skip_step(deployment.id, AT["wait"], "x")
        self.deployments("ben").skip_step(deployment.id, AT["judge"], "x")
        self.reach(deployment, AT["judge"])
        with self.assertRaisesRegex(UserError, "decided already"):
            self.deployments("ben").skip_step(deployment.id, AT["judge"], "x")
        for method in ("abort", "skip_step"):
            with self.assertRaisesRegex(UserError, "Say why"):
                getattr(self.deployments("ben"), method)(
                    deployment.id, *((3,) if method == "skip_step" else ()), " "
                )

    def test_only_while_it_is_under_way(self):
        version, deployment = self.begin()
        self.facts(deployment, "Ready")
        self.assertEqual(version.status, "Live")
        for method, (arguments, _outcomes) in METHODS.items():
            with self.subTest(method), self.assertRaisesRegex(UserError, "has ended"):
                getattr(self.deployments("ben"), method)(deployment.id, *arguments(2))

    def test_what_is_allowed_is_listed(self):
        version, deployment = self.begin(submitter="abe")
        self.reach(deployment, AT["wait"])

        def listed(login):
            actions = self.versions(login).detail(version.id)["allowedActions"]
            return {one["name"]: one["allowed"] for one in actions if "deploymentId" in one}

        self.assertEqual(
            listed("ben"), {"pause-rollout": True, "skip-step": True, "abort-rollout": True}
        )
        self.assertEqual(
            listed("abe"), {"pause-rollout": True, "skip-step": False, "abort-rollout": True}
        )
        self.assertEqual(set(listed("vera").values()), {False})
        self.deployments("ben").pause(deployment.id)
        self.reach(deployment, AT["approve"])
        self.assertEqual(
            listed("ben"), {"resume-rollout": True, "approve-step": True, "abort-rollout": True}
        )

    def test_the_work_of_the_bridge(self):
        _version, deployment = self.begin()
        work = self.deployments("bridge").work(deployment.id)
        self.assertEqual(work["steps"], STEPS)
        self.assertEqual(work["controls"], {"paused": False, "approvedStep": -1, "skipTo": 0})
        rolling = self.newest_deployment(self.at("PendingProdDeployment"))
        self.assertIsNone(self.deployments("bridge").work(rolling.id)["steps"])

    def test_deadlines(self):
        _version, deployment = self.begin()
        whole = self.production.ready_deadline_seconds + steps_seconds(STEPS)
        self.assertAlmostEqual(
            (deployment.deadline_at - fields.Datetime.now()).total_seconds(), whole, delta=30
        )
        self.deployments("ben").pause(deployment.id)
        self.env.cr.execute(
            "UPDATE mlops_deployment SET paused_at = paused_at - interval '2 hours', "
            "deadline_at = deadline_at - interval '2 hours' WHERE id = %s",
            [deployment.id],
        )
        self.env.invalidate_all()
        self.env["mlops.model.version"]._cron_deadlines()
        self.assertEqual(deployment.phase, "Pending", "paused time does not count")
        told = fields.Datetime.to_datetime(
            self.deployments("bridge").work(deployment.id)["deadlineAt"].replace("T", " ")[:19]
        )
        self.assertAlmostEqual(
            (told - fields.Datetime.now()).total_seconds(),
            whole,
            delta=30,
            msg="nor for the bridge",
        )
        self.deployments("ben").resume(deployment.id)
        self.assertAlmostEqual(
            (deployment.deadline_at - fields.Datetime.now()).total_seconds(), whole, delta=30
        )
        self.deployments("ben").pause(deployment.id)
        keyed(deployment).write({"paused_at": fields.Datetime.now() - timedelta(hours=25)})
        self.env["mlops.model.version"]._cron_deadlines()
        self.assertIn("PausedTooLong", deployment.version_id.status_reason)

    def test_a_rollback_is_no_canary(self):
        self.production.strategy_default = "canary"
        live = self.supersede(self.at("Live"))
        answer = self.versions("ben").rollback(live.id, "production")
        self.assertEqual(
            self.env["mlops.deployment"].browse(answer["deploymentId"]).strategy, "blue-green"
        )
