from datetime import timedelta

import psycopg2.errors

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...domain.rollout_steps import CANARY, JUDGE
from ..rollout_case import ALL, SCALE, STEPS, RolloutCase

SIGNAL = {"model": "res.partner", "domain": [["city", "=", "Cancelled"]], "maxIncrease": 2}


@tagged("post_install", "-at_install")
class TestRolloutPolicy(RolloutCase):
    def promote(self, version, login="ben", strategy="canary", **more):
        return self.versions(login).approve_promotion(version.id, "production", strategy, **more)

    def test_the_list_is_frozen_at_the_promotion(self):
        self.assertEqual(self.production._steps(), list(CANARY))
        version = self.at("Staging")
        deployment = self.env["mlops.deployment"].browse(self.promote(version)["deploymentId"])
        self.assertEqual(deployment.steps, list(CANARY))
        judge = self.production.step_ids.filtered(lambda one: one.kind == "judge")[:1]
        self.production.write({"step_ids": [Command.update(judge.id, {"seconds": 5})]})
        self.assertEqual(self.production._steps()[4]["seconds"], 5)
        self.assertEqual(deployment.steps, list(CANARY))
        for login in ("mia", "ben", "bridge"):
            with self.subTest(login), self.assertRaises(AccessError):
                deployment.with_user(self.people[login]).write({"steps": STEPS})
        with self.assertRaises(AccessError):
            deployment.sudo().write({"paused_at": False, "steps": STEPS})

    def test_own_steps_where_the_environment_allows_them(self):
        version = self.at("Staging")
        with self.assertRaisesRegex(UserError, "^Step 1: no pod"):
            self.promote(version, steps=[ALL])
        with self.assertRaisesRegex(UserError, "Steps are those of a canary"):
            self.promote(version, strategy="blue-green", steps=STEPS)
        self.production.own_steps = False
        with self.assertRaisesRegex(UserError, "keeps to its own steps"):
            self.promote(version, steps=STEPS)
        self.production.allow_canary = False
        with self.assertRaisesRegex(UserError, "canary is not allowed"):
            self.promote(version)
        self.assertEqual(version.status, "Staging")

    def test_only_managers_edit_and_only_what_is_a_list(self):
        step = self.production.step_ids[0]
        for login in ("vera", "ada", "ben", "bridge", "olga"):
            refusal = (
                MissingError if login == "olga" else AccessError
            )  # another company's answers like one that does not exist
            with self.subTest(login):
                with self.assertRaises(refusal):
                    self.production.with_user(self.people[login]).write(
                        {"step_ids": [Command.update(step.id, {"percent": 50})]}
                    )
                with self.assertRaises(refusal):
                    step.with_user(self.people[login]).write({"percent": 50})
        mias = self.production.with_user(self.people["mia"])
        with self.assertRaisesRegex(ValidationError, "it must be 100 %"):
            mias.write({"step_ids": [Command.delete(self.production.step_ids[-1].id)]})
        self.env.flush_all()
        self.production.write(
            {
                "step_ids": [
                    Command.clear(),
                    *(
                        Command.create({"sequence": at, "kind": kind})
                        for at, kind in enumerate(("scale", "weight"))
                    ),
                ]
            }
        )
        self.assertEqual(self.production._steps(), [SCALE, ALL])
        self.env.flush_all()
        self.env.cr.precommit.run()
        said = self.production.message_ids.tracking_value_ids.filtered(
            lambda one: one.field_id.name == "steps_in_brief"
        )
        self.assertIn("scale 100 %, weight 100 %", said.mapped("new_value_char"))
        mias.action_default_steps()
        self.assertEqual(self.production._steps(), list(CANARY))

    def test_the_form_of_a_manager(self):
        with Form(self.production.with_user(self.people["mia"])) as form:
            with form.step_ids.edit(3) as wait:
                wait.seconds = 700
            with form.step_ids.new() as last:
                last.sequence = 105
                last.kind = "approve"
                last.within_seconds = 3600
            form.allow_rolling = False
            form.freeze_from = "2030-01-01 00:00:00"
            form.freeze_reason = "Stocktaking"
        steps = self.production._steps()
        self.assertEqual(
            (len(steps), steps[3], steps[-2]),
            (
                len(CANARY) + 1,
                {"kind": "wait", "seconds": 700},
                {"kind": "approve", "withinSeconds": 3600},
            ),
        )
        self.assertEqual(self.production.strategies_allowed, ["blue-green", "canary"])
        with (
            self.assertRaisesRegex(ValidationError, "it must be 100 %"),
            Form(self.production.with_user(self.people["mia"])) as form,
        ):
            form.step_ids.remove(len(steps) - 1)

    def test_the_editor_of_strategies(self):
        mias = self.production.with_user(self.people["mia"])
        mias.write({"allow_rolling": False})
        self.assertEqual(self.production.strategies_allowed, ["blue-green", "canary"])
        with self.assertRaises(ValidationError):
            mias.write({"allow_blue_green": False})

    def test_recreate_only_where_a_manager_allows_it(self):
        self.assertFalse(self.production.allow_recreate, "not by itself")
        live = self.at("Live")
        version = self.at(
            "Staging", version=self.register("ada", name=live.model_id.name, version="2.0.0")
        )
        with self.assertRaisesRegex(UserError, "recreate is not allowed"):
            self.promote(version, strategy="recreate")
        with Form(self.production) as form:
            form.allow_recreate = True
        self.assertEqual(
            self.production.strategies_allowed, ["rolling", "blue-green", "canary", "recreate"]
        )
        action = self.versions("ben").browse(version.id).action_promote()
        dialog = self.of("mlops.decision", "ben").browse(action["res_id"])
        dialog.strategy = "recreate"
        self.assertEqual(
            dialog.plan["sentences"],
            [
                "Stop 1.0.0: the endpoint is down until 2.0.0 is ready.",
                "Start 1 of 1 pods of 2.0.0.",
                "Smoke-test 2.0.0 on its preview route.",
                "Send 100 % of traffic to 2.0.0.",
            ],
        )
        self.assertIn("is down until 2.0.0 is ready", dialog.consequence)
        deployment = self.env["mlops.deployment"].browse(
            self.promote(version, strategy="recreate")["deploymentId"]
        )
        self.assertEqual((deployment.strategy, deployment.steps), ("recreate", False))
        work = self.deployments("bridge").work(deployment.id)
        self.assertEqual(
            work["environment"]["strategiesAllowed"], self.production.strategies_allowed
        )
        self.assertEqual(work["environment"]["canarySteps"], list(CANARY))

    def test_a_rollback_is_never_a_recreate_by_itself(self):
        live = self.supersede(self.at("Live"))
        self.assertNotIn("the endpoint is down", self.rollback_dialog(live))
        self.production.write(
            {"strategies_allowed": ["blue-green", "recreate"], "strategy_default": "recreate"}
        )
        self.assertIn(
            "If both versions do not fit at once, the endpoint is down",
            self.rollback_dialog(live),
        )
        answer = self.versions("ben").rollback(live.id, "production")
        self.assertEqual(
            self.env["mlops.deployment"].browse(answer["deploymentId"]).strategy, "blue-green"
        )

    def rollback_dialog(self, version):
        action = self.versions("ben").browse(version.id).action_rollback()
        return self.of("mlops.decision", "ben").browse(action["res_id"]).consequence

    def test_a_freeze(self):
        version, now = self.at("Staging"), fields.Datetime.now()
        self.production.write(
            {
                "freeze_from": now - timedelta(hours=1),
                "freeze_until": now + timedelta(hours=1),
                "freeze_reason": "Black Friday",
            }
        )
        with self.assertRaisesRegex(UserError, "Production is frozen until .* UTC: Black Friday"):
            self.promote(version)
        action = next(
            one
            for one in self.versions("ben").detail(version.id)["allowedActions"]
            if one["name"] == "promote"
        )
        self.assertFalse(action["allowed"])
        self.assertIn("Black Friday", action["reason"])
        self.production.write({"freeze_until": now - timedelta(minutes=1)})
        self.assertTrue(self.promote(version)["deploymentId"])

    def test_a_freeze_stops_no_rollback_and_no_abort(self):
        live = self.supersede(self.at("Live"))
        _version, deployment = self.begin()
        self.production.write(
            {"freeze_from": fields.Datetime.now() - timedelta(hours=1), "freeze_reason": "Audit"}
        )
        self.assertIn(
            "until a manager ends it", self.production._freeze_refusal(fields.Datetime.now())
        )
        self.assertTrue(self.versions("ben").rollback(live.id, "production")["deploymentId"])
        self.assertEqual(self.deployments("ben").abort(deployment.id, "no")["status"], "ProdFailed")

    def test_a_freeze_has_an_end_after_its_beginning_and_a_reason(self):
        now = fields.Datetime.now()
        with self.assertRaises(ValidationError):
            self.production.write({"freeze_from": now})
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation):
            self.production.write(
                {"freeze_from": now, "freeze_until": now - timedelta(hours=1), "freeze_reason": "x"}
            )
            self.env.flush_all()

    def test_a_signal_is_counted_with_the_eyes_of_who_wrote_it(self):
        version = self.at("Staging")
        steps = [SCALE, {**JUDGE, "signal": SIGNAL}, ALL]
        deployment = self.env["mlops.deployment"].browse(
            self.promote(version, steps=steps)["deploymentId"]
        )
        self.assertEqual(deployment.signal_users, {"1": self.people["ben"].id})
        bridge, now = self.deployments("bridge"), fields.Datetime.now()
        window = (
            f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000Z",
            f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000Z",
        )

        def count(domain=SIGNAL["domain"], model="res.partner", when=window):
            return bridge.signal_count(deployment.id, model, domain, *when)

        self.assertEqual(count(), 0)
        partners = self.env["res.partner"].create(
            [
                {"name": company.name, "city": "Cancelled", "company_id": company.id}
                for company in (self.company, self.other_company)
            ]
        )
        self.assertTrue(partners)
        self.assertEqual(count(), 1, "of the own company")
        self.assertEqual(count(when=(window[1], window[1])), 0)
        for asked in ({"domain": []}, {"domain": [["city", "=", "Paris"]]}, {"model": "res.users"}):
            with self.subTest(asked), self.assertRaisesRegex(AccessError, "no such metric step"):
                count(**asked)
        for login in ("ben", "mia", "vera", "admin"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.deployments(login).signal_count(
                    deployment.id, "res.partner", SIGNAL["domain"], *window
                )
        self.people["ben"].group_ids -= self.env.ref("creativeflow_mlops.group_approver")
        with self.assertRaisesRegex(AccessError, "no longer has access"):
            count()

    def test_what_one_may_not_read_is_no_signal(self):
        version = self.at("Staging")
        for model, domain, said in (
            ("ir.mail_server", [], "may not read"),
            ("no.such", [], "no model"),
            ("mlops.decision", [], "no model"),
            ("res.partner", [["no_such_field", "=", 1]], "does not fit"),
        ):
            steps = [
                SCALE,
                {**JUDGE, "signal": {"model": model, "domain": domain, "maxIncrease": 0}},
                ALL,
            ]
            with self.subTest(model), self.assertRaisesRegex(ValidationError, said):
                self.promote(version, steps=steps)
        judge = self.production.step_ids.filtered(lambda one: one.kind == "judge")[:1]
        mias = self.production.with_user(self.people["mia"])
        with self.assertRaisesRegex(ValidationError, "may not read"):
            mias.write({"step_ids": [Command.update(judge.id, {"signal_model": "ir.mail_server"})]})
        mias.write(
            {
                "step_ids": [
                    Command.update(
                        judge.id,
                        {
                            "signal_model": "res.partner",
                            "signal_domain": "[('city', '=', 'Paris')]",
                            "signal_by_id": self.people["admin"].id,
                        },
                    )
                ]
            }
        )
        self.assertEqual(judge.signal_by_id, self.people["mia"])
        self.assertEqual(self.production._signal_users(), {"4": self.people["mia"].id})
        self.assertEqual(
            self.production._steps()[4]["signal"],
            {"model": "res.partner", "domain": [["city", "=", "Paris"]], "maxIncrease": 0},
        )
