from contextlib import contextmanager
from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...domain.transitions import TRANSITIONS
from ...models.mixins import evaluated_code
from ...models.mixins.evaluated_code import JOBS, OWN
from ..common import MlopsCase

# What an administrator could write into a server action of a version in Staging to move it, or to
# forge what is kept of it.
WAYS = {
    "write": "record.write({'status': 'Live'})",
    "write as superuser": "record.sudo().write({'status': 'Live'})",
    "the key by its name in the context": "record.sudo().with_context(mlops_key=True).write({'status': 'Live'})",
    "the key as a method": "record._keyed().write({'status': 'Live'})",
    "the key as a function": "keyed(record).write({'status': 'Live'})",
    "the registry's class": "env.registry['mlops.model.version']._keyed(record).write({'status': 'Live'})",
    "a transition": "record._move('promote')",
    "a transition of the bridge": "record._move('archive')",
    "a transition inside mapped": "record.mapped(lambda one: one._move('archive'))",
    "a bound method handed on": "list(map(record._move, ['archive']))",
    "a deployment that goes live": "record.sudo().deployment_ids[:1]._go_live('https://evil.test')",
    "a deployment that ends": "record.sudo().deployment_ids[:1]._want('removed')",
    "a bound method over the records": "d = record.sudo().deployment_ids; d.filtered(d._want)",
    "a deployment that stops": "record.sudo().deployment_ids._stop_serving()",
    "facts without the bridge": "record.sudo().deployment_ids[:1]._take_facts('Failed', {})",
    "integrity without the bridge": "record.sudo().deployment_ids[:1]._take_integrity('bad', 'x', 'x', [], [], None, False)",
    "a scan without the bridge": "record.sudo()._record_scan('pass', [], {}, None, None)",
    "a build without the bridge": "record.sudo()._take_build('failed', None, None, None, 'x')",
    "a deployment without the checks": "record._deploy('promote', record._environment('production'), 'blue-green', 'x')",
    "an approval without a person": "record._record_approval(record._environment('production'), 'approved', 'x')",
    "a waiver decided": "record._decide_waivers('accepted', 'x')",
    "a model's pointers": "record.sudo().model_id.sudo().write({'live_version_id': record.id})",
    "an endpoint": "env['mlops.endpoint']._announce(record.sudo().deployment_ids[:1], 'https://evil.test', "
    "False)",
    "the journal": "env['mlops.event']._emit('approval.recorded', {'decision': 'approved'})",
    "the journal by the model": "env['mlops.event'].sudo().create({'topic': 'approval.recorded'})",
    "a copy": "record.sudo().copy({'name': 'evil', 'status': 'Live'})",
    "one2many of the model": "record.sudo().model_id.write({'version_ids': [(1, record.id, {'status': 'Live'})]})",
    "removal": "record.sudo().unlink()",
    "SQL": "env.cr.execute('UPDATE mlops_model_version SET status = %s WHERE id = %s', ['Live', "
    "record.id])",
    "SQL along the table": "env.cr.execute('UPDATE mlops_model_version SET status = %s WHERE id = %s', ['Archived', "
    "record.id])",
    "SQL of a deployment": "env.cr.execute('UPDATE mlops_deployment SET desired = NULL WHERE version_id = %s', "
    "[record.id])",
    "SQL of the journal": "env.cr.execute('UPDATE mlops_event SET actor_id = NULL WHERE version_id = %s', "
    "[record.id])",
    "removal of the journal": "env.cr.execute('DELETE FROM mlops_event WHERE version_id = %s', [record.id])",
    "the field itself": "record._fields['status'].write(record.sudo(), 'Live')",
    "the write below the guards": "record.sudo()._write({'status': 'Live'})",
    "the rows below the guards": "record.sudo()._write_multi([{'status': 'Live'}])",
    "a dunder": "record.__class__._keyed(record)",
}
REFUSALS = (
    AccessError,
    UserError,
    ValueError,
    NameError,
    AttributeError,
    psycopg2.errors.CheckViolation,
)
KEPT = "SELECT status, status_reason, lock_version, generation, image_digest FROM mlops_model_version WHERE id = %s"
COUNTED = """SELECT (SELECT count(*) FROM mlops_event), (SELECT count(*) FROM mlops_approval),
                    (SELECT count(*) FROM mlops_scan), (SELECT count(*) FROM mlops_model_version),
                    (SELECT string_agg(concat(id, desired, phase, is_live, generation), ',' ORDER BY id) FROM mlops_deployment)"""


@tagged("post_install", "-at_install")
class TestServerActions(MlopsCase):
    """An administrator's server action passes no guard: neither the key, nor a private method that
    writes its arguments.
    """

    def run_code(self, version, code, login="admin"):
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "state": "code",
                "model_id": self.env["ir.model"]._get_id(version._name),
                "code": code,
            }
        )
        ran = (
            action.with_user(self.people[login])
            .with_context(
                active_model=version._name,
                active_id=version.id,
                active_ids=version.ids,
            )
            .run()
        )
        self.settle()
        return ran

    def refused(self, version, code):
        try:
            with self.env.cr.savepoint():
                self.run_code(version, code)
        except REFUSALS as error:
            return error
        return None

    def state(self, version):
        self.env.flush_all()
        self.env.cr.execute(KEPT, [version.id])
        kept = self.env.cr.fetchone()
        self.env.cr.execute(COUNTED)
        return kept, self.env.cr.fetchone()

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.tools.safe_eval", "odoo.sql_db")
    def test_no_server_action_moves_a_version(self):
        version = self.at("Staging")
        before = self.state(version)
        for name, code in WAYS.items():
            with self.subTest(name):
                self.assertTrue(self.refused(version, code))
                self.env.invalidate_all()
                self.assertEqual(self.state(version), before)

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.tools.safe_eval", "odoo.sql_db")
    def test_every_transition_is_closed_to_server_actions(self):
        version = self.at("Staging")
        for name in TRANSITIONS:
            with self.subTest(name):
                self.assertTrue(self.refused(version, f"record.sudo()._move({name!r})"))
        self.env.invalidate_all()
        self.assertEqual(version.status, "Staging")

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.tools.safe_eval")
    def test_a_server_action_decides_as_nobody_else(self):
        version = self.at("Staging")
        for login in ("ben", "abe"):
            uid = self.people[login].id
            for code in (
                f"record.with_user({uid}).approve_promotion(record.id, 'production', 'blue-green')",
                f"env(user={uid})['mlops.model.version'].approve_promotion(record.id, "
                "'production', 'blue-green')",
                f"env['mlops.model.version'].with_user({uid}).sudo().archive_version(record.id)",
            ):
                with self.subTest(code), self.acting("admin"):
                    self.assertTrue(self.refused(version, code))
        self.env.invalidate_all()
        self.assertEqual(version.status, "Staging")

    @contextmanager
    def acting(self, login):
        """As in a request of this person's."""
        with patch.object(evaluated_code, "acting_uid", lambda: self.people[login].id):
            yield

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.tools.safe_eval")
    def test_no_server_action_loosens_the_policy(self):
        version = self.at("Staging")
        production = self.env["mlops.environment"]._of(self.company, "production")
        place = f"env['mlops.environment'].sudo().browse({production.id})"
        for code in (
            f"{place}._write_policy({{'four_eyes': False}})",
            f"{place}._write_or_ask({{'four_eyes': False}}, '')",
            f"{place}.with_user(1).write({{'four_eyes': False}})",
            f"{place}.write({{'four_eyes': False}})",
            f"{place}.with_user(1)._step_change(lambda steps: {place}.step_ids.unlink(), "
            f"{place}.step_ids)",
            f"env['mlops.policy.change']._ask({place}, [], 'x')._take_effect(env.user, 'x')",
        ):
            with self.subTest(code), self.acting("admin"):
                self.assertTrue(self.refused(version, code))
            self.env.invalidate_all()
            self.assertTrue(production.four_eyes and production.step_ids)

    def test_a_server_action_may_press_the_button(self):
        version = self.at("Staging")
        with self.acting("mia"):
            self.run_code(
                version, "record.approve_promotion(record.id, 'production', 'blue-green')", "mia"
            )
        self.assertEqual(version.status, "PendingProdDeployment")

    def test_nothing_public_hands_out_the_key(self):
        for model in self.env.registry.values():
            for name in dir(model):
                if not name.startswith("__"):
                    with self.subTest(model=model._name, name=name):
                        self.assertNotIn(name, ("keyed", "_keyed", "refuse_evaluated"))

    def test_the_entrances_for_jobs_take_no_arguments(self):
        for name in JOBS:
            found = [
                value
                for model in self.env.registry.values()
                for base in model.mro()
                if base.__module__.startswith(OWN) and (value := vars(base).get(name))
            ]
            for method in found:
                self.assertEqual(method.__code__.co_argcount, 1, name)
