from contextlib import suppress
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...domain.policy_table import LOOSER
from ...domain.rollout_steps import CANARY
from ...models.environment.policy_guard import (
    ADMINISTRATORS,
)
from ...models.environment.policy_history import (
    HARMLESS,
    SOURCES,
)
from ..common import MlopsCase

# field of the form → (what it is before, what loosens, what tightens); one row for each policy that
# a manager may write.
WRITES = {
    "four_eyes": (True, False, None),
    "max_gpus": (8, 9, 7),
    "max_replicas": (8, 9, 7),
    "keep_previous_minutes": (60, 59, 61),
    "ready_deadline_seconds": (600, 601, 599),
    "queue_minutes": (5, 6, 4),
    "inventory_policy": ("known", "tell", "clean"),
    "integrity_policy": ("put-back", "tell", None),
    "own_steps": (False, True, None),
    "strategies_allowed": (
        ["blue-green", "rolling", "canary"],
        ["blue-green", "rolling", "canary", "recreate"],
        ["blue-green"],
    ),
    "allow_recreate": (False, True, None),
    "allow_rolling": (False, True, None),
    "allow_canary": (False, True, None),
    "strategy_default": ("blue-green", "rolling", "canary"),
    "freeze_from": ("2026-01-01 00:00:00", "2026-01-02 00:00:00", "2025-12-01 00:00:00"),
    "freeze_until": ("2030-01-01 00:00:00", "2029-01-01 00:00:00", "2031-01-01 00:00:00"),
    "active": (True, False, None),
    "loosening_delay_hours": (48, 24, 72),
}
SPECIAL = {
    "allow_blue_green",
    "open_calendar_id",
    "step_ids",
}  # each has a test of its own; the default strategy is blue-green
# Fields of a step that are in no step of the wire.
NOT_IN_A_STEP = {
    "environment_id",
    "company_id",
    "sequence",
    "id",
    "display_name",
    "create_uid",
    "create_date",
    "write_uid",
    "write_date",
}


@tagged("post_install", "-at_install")
class TestPolicy(MlopsCase):
    """What loosens production waits for a second manager; what tightens it takes effect at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["max"] = cls.make_user("max", ("manager",), cls.company)
        cls.production = cls.env["mlops.environment"]._of(cls.company, "production")
        cls.staging = cls.env["mlops.environment"]._of(cls.company, "staging")
        cls.calendar, cls.calendar_2 = cls.env["resource.calendar"].create(
            [{"name": name, "company_id": cls.company.id} for name in ("Office", "Night")]
        )

    def mias(self, login="mia"):
        return self.of("mlops.environment", login).browse(self.production.id)

    def change(self, login="max"):
        return self.of("mlops.policy.change", login)

    def pending(self):
        return self.production.pending_change_ids.search(
            [
                ("environment_id", "=", self.production.id),
                ("state", "=", "requested"),
            ]
        )

    def value(self, name):
        self.production.invalidate_recordset()
        value = self.production[name]
        return fields.Datetime.to_string(value) if hasattr(value, "year") else value

    def prepare(self, name, value):
        vals = {
            "freeze_from": "2026-01-01 00:00:00",
            "freeze_until": "2030-01-01 00:00:00",
            "freeze_reason": "Audit",
        }
        self.production.write({**(vals if name.startswith("freeze") else {}), name: value})

    def test_each_field_is_a_policy_or_stated_as_harmless(self):
        sources = {source for names in SOURCES.values() for source in names}
        mail = self.env["mail.thread"]._fields
        policies = (LOOSER.keys() - SOURCES.keys()) | sources
        for name in self.production._fields.keys() - mail.keys():
            with self.subTest(name):
                self.assertTrue(
                    (name in policies) != (name in HARMLESS), "it must be in exactly one of the two"
                )
        writable = policies - set(ADMINISTRATORS)
        self.assertEqual(writable, WRITES.keys() | SPECIAL)

    def test_each_field_of_a_step_is_a_policy(self):
        model = self.env["mlops.environment.step"]
        values = {
            "percent": 1,
            "seconds": 7,
            "within_seconds": 8,
            "min_requests": 9,
            "max_error_rate": 0.5,
            "max_latency_ratio": 3.5,
            "max_restarts": 4,
            "too_little": "wait",
            "min_agreement": 0.25,
            "tolerance": 0.75,
            "signal_model": "res.partner",
            "signal_domain": "[('id', '=', 1)]",
            "signal_max_increase": 5,
            "kind": "judge",
            "signal_by_id": 2,
        }
        self.assertEqual(set(model._fields), values.keys() | NOT_IN_A_STEP)
        for name in values.keys() - {"signal_by_id"}:
            kinds = ("judge", "weight", "wait", "approve")
            base = {"min_agreement": 0.1, "signal_model": "res.users", "signal_max_increase": 1}
            seen = any(
                model.new({**base, "kind": kind})._step()
                != model.new({**base, "kind": kind, name: values[name]})._step()
                for kind in kinds
            )
            self.assertTrue(seen, name)

    def test_one_manager_alone_loosens_nothing(self):
        for name, (before, looser, _tighter) in WRITES.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.prepare(name, before)
                with self.assertRaisesRegex(UserError, "second manager"):
                    self.mias().write({name: looser})
                self.assertTrue(self.mias().write({name: looser, "policy_reason": "no time"}))
                self.assertEqual(self.value(name), before)
                change = self.pending()
                self.assertEqual(
                    (change.requested_by_id, change.reason), (self.people["mia"], "no time")
                )
                self.assertTrue(self.mias().policy_pending)
                with self.assertRaises(AccessError):
                    self.change("mia").accept(change.id)
                self.assertEqual(self.value(name), before)
                self.assertEqual(self.change("max").accept(change.id), {"state": "in-force"})
                self.assertEqual(self.value(name), looser)
                self.assertFalse(self.mias().policy_pending)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_what_tightens_takes_effect_at_once(self):
        for name, (before, looser, tighter) in WRITES.items():
            if tighter is None:
                before, tighter = looser, before
            if name == "active":
                continue  # neither way is tighter
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.prepare(name, before)
                self.mias().write({name: tighter})
                self.assertEqual(self.value(name), tighter)
                self.assertFalse(self.pending())
                savepoint.rollback()
            self.env.invalidate_all()

    def test_the_rest_of_a_write_takes_effect(self):
        self.mias().write(
            {"max_gpus": 9, "max_replicas": 3, "name": "Prod", "policy_reason": "a bigger model"}
        )
        self.assertEqual(
            (self.value("max_gpus"), self.value("max_replicas"), self.value("name")), (8, 3, "Prod")
        )
        self.assertEqual([one["field"] for one in self.pending().changes], ["max_gpus"])

    def test_a_freeze_that_is_over_is_cleared_by_one_manager(self):
        self.production.write(
            {
                "freeze_from": "2020-01-01 00:00:00",
                "freeze_until": "2020-02-01 00:00:00",
                "freeze_reason": "Audit",
            }
        )
        self.mias().write({"freeze_from": False, "freeze_until": False})
        self.assertFalse(self.value("freeze_from"))

    def test_everybody_reads_that_something_waits(self):
        self.mias().write({"max_gpus": 9, "policy_reason": "a"})
        for login in ("vera", "ada", "ben"):
            (told,) = self.mias(login).read()
            self.assertTrue(told["policy_pending"])
            self.assertNotIn("pending_change_ids", told)
        self.assertEqual(
            self.mias().read(["pending_change_ids"])[0]["pending_change_ids"], self.pending().ids
        )

    def test_who_accepts_what(self):
        self.mias().write({"four_eyes": False, "policy_reason": "alone in August"})
        change = self.pending()
        for login in ("vera", "ada", "ben", "bridge", "n8n", "mia"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.change(login).accept(change.id)
        with self.assertRaises(MissingError):
            self.change("olga").accept(change.id)
        with self.assertRaises(UserError):
            self.change().reject(change.id, " ")
        with self.assertRaises(AccessError):
            self.change().withdraw(change.id)
        for vals in ({"state": "in-force"}, {"requested_by_id": 1}, {"changes": []}):
            with self.subTest(vals), self.assertRaises(AccessError):
                self.change("mia").browse(change.id).sudo().write(vals)
        with self.assertRaises(AccessError):
            self.change("mia").create(
                {
                    "environment_id": self.production.id,
                    "reason": "x",
                    "changes": [],
                    "requested_by_id": 1,
                }
            )
        self.assertEqual(self.change("mia").withdraw(change.id), {"state": "withdrawn"})
        with self.assertRaises(UserError):
            self.change().accept(change.id)
        self.assertTrue(self.value("four_eyes"))

    def test_the_journal_says_who_what_and_why(self):
        self.mias().write({"four_eyes": False, "policy_reason": "alone in August"})
        self.change().accept(self.pending().id, "until September")
        events = self.env["mlops.event"].search(
            [("topic", "=", "policy.change"), ("company_id", "=", self.company.id)], order="id"
        )
        self.assertEqual(
            [(one.payload["state"], one.actor_id) for one in events],
            [
                ("requested", self.people["mia"]),
                ("in-force", self.people["max"]),
            ],
        )
        told = events[-1].payload
        self.assertEqual(
            (told["reason"], told["comment"], told["requestedBy"]),
            ("alone in August", "until September", "Mia"),
        )
        self.assertEqual(told["changes"], [{"field": "four_eyes", "before": True, "after": False}])
        self.assertTrue(
            [one for one in self.production.message_ids if "alone in August" in one.body]
        )

    def test_a_request_that_the_policy_has_moved_away_from(self):
        self.mias().write({"max_gpus": 9, "policy_reason": "a"})
        self.mias().write({"max_gpus": 10, "policy_reason": "b"})
        second, first = self.pending()
        self.change().accept(first.id)
        with self.assertRaisesRegex(UserError, "has changed since this was requested"):
            self.change().accept(second.id)
        self.assertEqual((self.value("max_gpus"), second.state), (9, "requested"))

    def test_two_requests_about_different_things_both_apply(self):
        self.mias().write({"max_gpus": 9, "policy_reason": "a"})
        self.mias().write({"four_eyes": False, "policy_reason": "b"})
        for change in self.pending():
            self.change().accept(change.id)
        self.assertEqual((self.value("max_gpus"), self.value("four_eyes")), (9, False))

    def test_after_the_delay_it_takes_effect_unless_somebody_refuses(self):
        self.production.loosening_delay_hours = 24
        self.mias().write({"max_gpus": 9, "policy_reason": "a"})
        self.mias().write({"max_replicas": 9, "policy_reason": "b"})
        replicas, gpus = self.pending()
        self.env["mlops.model.version"]._cron_deadlines()
        self.assertEqual(self.value("max_gpus"), 8)
        self.change().reject(replicas.id, "too many")
        self.env["mlops.policy.change"]._end_due(fields.Datetime.now() + timedelta(hours=25))
        self.assertEqual(
            (self.value("max_gpus"), self.value("max_replicas"), gpus.state), (9, 8, "in-force")
        )
        self.assertFalse(gpus.decided_by_id)

    def test_the_steps_of_a_canary(self):
        judge = self.production.step_ids.filtered(lambda one: one.kind == "judge")[:1]
        wait = self.production.step_ids.filtered(lambda one: one.kind == "wait")[:1]
        before = self.production._steps()
        steps = self.of("mlops.environment.step", "mia")
        for name, commands in {
            "removed by a command": [Command.delete(judge.id)],
            "cut off": [Command.unlink(judge.id)],
            "updated": [Command.update(judge.id, {"seconds": 1})],
            "all replaced": [
                Command.clear(),
                Command.create({"kind": "scale"}),
                Command.create({"kind": "weight"}),
            ],
            "another order": [Command.update(judge.id, {"sequence": 1})],
        }.items():
            with self.subTest(name):
                with self.assertRaises(UserError):
                    self.mias().write({"step_ids": commands})
                self.env.invalidate_all()
                self.assertEqual(self.production._steps(), before)
        for name, act in {
            "write": lambda: steps.browse(judge.id).write({"max_error_rate": 1}),
            "unlink": lambda: steps.browse(judge.id).unlink(),
            "moved away": lambda: steps.browse(judge.id).write({"environment_id": self.staging.id}),
            "create": lambda: steps.create(
                {
                    "environment_id": self.production.id,
                    "kind": "weight",
                    "percent": 90,
                    "sequence": 25,
                }
            ),
            "copy": lambda: steps.browse(self.production.step_ids[2].id).copy(
                {"percent": 5, "sequence": 31}
            ),
        }.items():
            with self.subTest(name), self.assertRaises(UserError), self.env.cr.savepoint():
                act()
            self.env.invalidate_all()
            self.assertEqual(self.production._steps(), before)
        steps.browse(wait.id).write({"seconds": 600})
        self.assertEqual(self.production._steps()[3], {"kind": "wait", "seconds": 600})
        self.mias().action_default_steps()
        self.assertEqual(
            self.production._steps()[3],
            {"kind": "wait", "seconds": 600},
            "a shorter wait waits for a second manager",
        )
        self.change().accept(self.pending().id)
        self.env.invalidate_all()
        self.assertEqual(self.production._steps(), list(CANARY))

    def test_open_hours(self):
        self.mias().write({"open_calendar_id": self.calendar.id})
        for calendar in (self.calendar_2, self.env["resource.calendar"]):
            with self.assertRaises(UserError):
                self.mias().write({"open_calendar_id": calendar.id})
        admins = self.calendar.with_user(self.people["admin"])
        hours = admins.attendance_ids[:1]
        for name, act in {
            "an hour more": lambda: hours.write({"hour_to": 23}),
            "hours taken": lambda: hours.unlink(),
            "the zone": lambda: admins.write({"tz": "Asia/Tokyo"}),
            "hours by the calendar": lambda: admins.write(
                {"attendance_ids": [Command.update(hours.id, {"hour_to": 23})]}
            ),
            "hours made": lambda: hours.copy({"dayofweek": "6"}),
            "hours moved there": lambda: (
                self.calendar_2.attendance_ids[:1]
                .with_user(self.people["admin"])
                .write({"calendar_id": admins.id})
            ),
        }.items():
            with self.subTest(name), self.assertRaises(UserError), self.env.cr.savepoint():
                act()
        off = (
            self.env["resource.calendar.leaves"]
            .with_user(self.people["admin"])
            .create(
                {
                    "name": "Stocktaking",
                    "calendar_id": self.calendar.id,
                    "date_from": "2035-01-01 00:00:00",
                    "date_to": "2035-01-02 00:00:00",
                }
            )
        )
        for act in (off.unlink, lambda: off.write({"date_to": "2035-01-01 01:00:00"})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                act()

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.tools.safe_eval")
    def test_no_other_way_leads_there(self):
        mias, admins = self.mias(), self.mias("admin")
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "state": "code",
                "model_id": self.env["ir.model"]._get_id("mlops.environment"),
                "code": "record.with_user(1).sudo().write({'four_eyes': False})",
            }
        )
        for name, act in {
            "sudo": lambda: mias.sudo().write({"four_eyes": False}),
            "the administrator": lambda: admins.write({"four_eyes": False}),
            "a spoofed key": lambda: mias.with_context(mlops_policy=True).write(
                {"four_eyes": False}
            ),
            "a server action as OdooBot": lambda: (
                action.with_user(self.people["admin"])
                .with_context(
                    active_model="mlops.environment",
                    active_id=self.production.id,
                    active_ids=self.production.ids,
                )
                .run()
            ),
            "through the company": lambda: (
                self.company.with_user(self.people["admin"]).write({"name": "x"})
                and admins.write({"own_steps": True})
            ),
            "copy": lambda: mias.sudo().copy({"four_eyes": False}),
            "create": lambda: mias.sudo().create({"name": "x", "kind": "production"}),
            "unlink": lambda: mias.sudo().unlink(),
            "load": lambda: mias.sudo().write({"active": False}),
        }.items():
            with self.subTest(name):
                refusals = (AccessError, UserError, ValueError)
                with suppress(*refusals), self.env.cr.savepoint():
                    act()
                self.env.invalidate_all()
                self.assertTrue(
                    self.production.exists()
                    and self.production.four_eyes
                    and not self.production.own_steps
                    and self.production.active
                )

    def test_addresses_are_for_administrators(self):
        for place in (self.production, self.staging):
            for name in ADMINISTRATORS:
                value = place[name].id if name == "company_id" else place[name]
                with self.subTest(place.kind, name=name), self.assertRaises(AccessError):
                    self.of("mlops.environment", "mia").browse(place.id).write({name: value})
        self.of("mlops.environment", "admin").browse(self.staging.id).write(
            {"gateway_url": "https://gateway.test"}
        )
        self.assertEqual(self.staging.gateway_url, "https://gateway.test")
        self.mias("admin").write(
            {"gateway_url": "https://gateway.test", "policy_reason": "it moved"}
        )
        self.assertNotEqual(self.value("gateway_url"), "https://gateway.test")
        self.change("mia").accept(self.pending().id)
        self.assertEqual(self.value("gateway_url"), "https://gateway.test")

    def test_the_form(self):
        with Form(self.mias()) as form:
            form.four_eyes = False
            form.max_replicas = 2
            form.policy_reason = "alone in August"
        self.assertEqual((self.value("four_eyes"), self.value("max_replicas")), (True, 2))
        self.assertEqual(self.pending().in_brief, "four_eyes: True → no")

    def test_the_strictest_since_the_upload(self):
        version = self.at("Staging", submitter="abe", serving={"replicas": 3})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mlops_model_version SET create_date = create_date - interval '1 hour' WHERE "
            "id = %s",
            [version.id],
        )
        self.env.invalidate_all()
        for vals in (
            {"four_eyes": False},
            {"max_replicas": 2},
            {"max_replicas": 8},
            {"own_steps": True},
            {"strategies_allowed": ["blue-green"]},
            {"strategies_allowed": ["blue-green", "rolling", "canary"]},
        ):
            self.production.write(vals)
        judged = self.production._judging_policy(version)
        self.assertEqual(
            (
                judged["four_eyes"],
                judged["max_replicas"],
                judged["own_steps"],
                judged["strategies_allowed"],
            ),
            (True, 2, False, ["blue-green"]),
        )
        with self.assertRaisesRegex(AccessError, "at the upload or since"):
            self.versions("abe").approve_promotion(version.id, "production", "blue-green")
        with self.assertRaisesRegex(UserError, "strictest since its upload"):
            self.versions("ben").approve_promotion(version.id, "production", "canary")
        with self.assertRaisesRegex(UserError, "strictest since its upload"):
            self.versions("ben").approve_promotion(version.id, "production", "blue-green")
        fresh = self.at("Staging", submitter="abe")
        self.assertTrue(
            self.versions("abe").approve_promotion(fresh.id, "production", "canary")["deploymentId"]
        )

    def test_the_canary_is_the_strictest_since_the_upload(self):
        version = self.at("Staging")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mlops_model_version SET create_date = create_date - interval '1 hour' WHERE "
            "id = %s",
            [version.id],
        )
        self.env.invalidate_all()
        self.production.write(
            {
                "step_ids": [
                    Command.clear(),
                    Command.create({"kind": "scale"}),
                    Command.create({"kind": "weight", "sequence": 101}),
                ]
            }
        )
        answer = self.versions("ben").approve_promotion(version.id, "production", "canary")
        self.assertEqual(
            self.env["mlops.deployment"].browse(answer["deploymentId"]).steps, list(CANARY)
        )

    def test_the_history_is_append_only(self):
        snapshot = self.env["mlops.policy.snapshot"].search(
            [("environment_id", "=", self.production.id)], limit=1
        )
        self.assertTrue(snapshot)
        for act in (lambda: snapshot.write({"policy": {}}), snapshot.unlink, snapshot.copy):
            with self.assertRaises(AccessError):
                act()
        for query in (
            "UPDATE mlops_policy_snapshot SET policy = '{}' WHERE id = %s",
            "DELETE FROM mlops_policy_snapshot WHERE id = %s",
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(Exception, "append-only"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [snapshot.id])
