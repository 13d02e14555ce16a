from collections.abc import Mapping

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tools import mute_logger

from ...domain.request_values import Unclear, chosen, plain_text
from ..environment.environment import KINDS, STRATEGIES
from ..mixins.protected_fields import keyed
from .version_catalogue import ASKED_FROM as FROM

ACTIONS = [
    ("deploy", "Deploy to staging"),
    ("promote", "Promote to production"),
    ("rollback", "Roll back production"),
]
STATES = [("accepted", "Accepted"), ("refused", "Refused"), ("done", "Done"), ("failed", "Failed")]


class Request(models.Model):
    """What a workflow asks for by creating a record: a deployment, a promotion, a rollback.

    An approver's request is carried out at once, as that person, by the same method as a button. A
    request by somebody who may only ask is accepted and waits for an approver, who is nudged; it
    ends with what becomes of the deployment. What is not possible is refused, and `result` says
    why.
    """

    _name = "mlops.request"
    _description = "MLOps request"
    _inherit = ["mlops.guarded"]
    _rec_name = "action"
    _order = "id desc"
    _open_fields = frozenset(
        {"action", "version_id", "model_id", "environment_kind", "strategy", "comment"}
    )

    action = fields.Selection(ACTIONS, required=True, help="deploy, promote or rollback")
    version_id = fields.Many2one(
        "mlops.model.version",
        ondelete="restrict",
        help="Empty: the model's newest (rollback: its live) version",
    )
    model_id = fields.Many2one(
        "mlops.model", ondelete="restrict", help="Needed when no version is named"
    )
    environment_kind = fields.Selection(
        KINDS, help="staging or production; follows from the action when empty"
    )
    strategy = fields.Selection(
        STRATEGIES, help="For a promotion; empty: the environment's default"
    )
    comment = fields.Text()
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    state = fields.Selection(STATES, readonly=True, help="accepted, refused, done or failed")
    result = fields.Text(readonly=True, help="What became of it, or why not")
    requested_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", index=True)
    deployment_id = fields.Many2one(
        "mlops.deployment", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _one_open = models.UniqueIndex(
        "(requested_by_id, version_id, action, COALESCE(strategy, '')) WHERE state = 'accepted'",
        "This was already requested and is open.",
    )
    _state_known = models.Constraint(
        "CHECK (state IS NOT NULL AND requested_by_id IS NOT NULL)",
        "A request has a state and a requester.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if self._has_key():
            return super().create(vals_list)
        self.check_access("create")
        if {
            name[8:] for name in self.env.context if name.startswith("default_")
        } & self._guarded_fields():
            raise AccessError(self.env._("The state of a request is not given by its requester."))
        if not isinstance(vals_list, (list, tuple)) or not all(
            isinstance(vals, Mapping) for vals in vals_list
        ):
            raise ValidationError(
                self.env._("A request is an object: action, version_id, strategy, comment.")
            )
        return self.browse([self._ask(vals).id for vals in vals_list])

    def write(self, vals):
        if not self._has_key():
            raise AccessError(self.env._("A request is not changed. Create another."))
        return super().write(vals)

    def _ask(self, vals):
        unknown = vals.keys() - self._open_fields
        if unknown:
            raise AccessError(
                self.env._(
                    "A request names action, version_id, model_id, strategy and comment; not %s.",
                    ", ".join(sorted(map(str, unknown))),
                )
            )
        try:
            wish = self._understood(vals)
        except Unclear as error:
            raise ValidationError(str(error)) from error
        return self._open_request(wish) or self._new_request(wish)

    @api.model
    def _understood(self, vals):
        """The values as they are stored, whatever way a node of n8n wrote them."""
        action = chosen("action", vals.get("action"), ACTIONS)
        if not action:
            raise Unclear("action must be deploy, promote or rollback.")
        target = "staging" if action == "deploy" else "production"
        if chosen("environment_kind", vals.get("environment_kind"), KINDS) not in (None, target):
            raise ValidationError(
                self.env._(
                    "environment_kind: the action %(action)s is for %(target)s.",
                    action=action,
                    target=target,
                )
            )
        strategy = chosen("strategy", vals.get("strategy"), STRATEGIES)
        version = self._asked_version(action, vals)
        return {
            "action": action,
            "environment_kind": target,
            "strategy": strategy or False,
            "comment": plain_text("comment", vals.get("comment")) or False,
            "version_id": version.id,
            "model_id": version.model_id.id,
            "company_id": version.company_id.id,
            "requested_by_id": self.env.uid,
        }

    @api.model
    def _open_request(self, wish):
        """The requester's own request for the same that is still open, joined; empty when there is
        none.
        """
        same = ("action", "version_id", "strategy", "requested_by_id")
        found = self.sudo().search(
            [("state", "=", "accepted"), *((name, "=", wish[name]) for name in same)], limit=1
        )
        joined = found.with_env(self.env)
        if found and not found.deployment_id:
            version = found.version_id
            if self.env.user.has_group("creativeflow_mlops.group_approver"):
                joined._carry_out(version.with_env(self.env), wish["environment_kind"])
            elif version.status not in FROM[found.action]:
                found._finish("refused", self._not_now(version))
        return joined

    @api.model
    def _new_request(self, wish):
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                request = keyed(self).create([{**wish, "state": "accepted"}])
                request._tell_state()
                self.env.flush_all()
        except (
            psycopg2.errors.UniqueViolation
        ) as error:  # the same was asked at once: run again, it is joined then
            raise ConcurrencyError("asked at the same time") from error
        request = request.with_env(self.env)
        request._carry_out(request.sudo().version_id.with_env(self.env), wish["environment_kind"])
        return request

    def _carry_out(self, version, target):
        """As the requester; a refusal is the request's result and undoes what was begun."""
        own = self.sudo()
        if not self.env.user.has_group("creativeflow_mlops.group_approver"):
            return self._wait_for_approver(version.sudo())
        try:
            with self.env.cr.savepoint():
                if own.action == "deploy":
                    answer = version.approve_deployment(version.id, target, comment=own.comment)
                elif own.action == "promote":
                    strategy = own.strategy or version._environment(target).strategy_default
                    answer = version.approve_promotion(
                        version.id, target, strategy, comment=own.comment
                    )
                else:
                    answer = version.rollback(version.id, target, reason=own.comment)
        except (AccessError, UserError) as error:
            return own._finish("refused", str(error))
        return keyed(own).write(
            {
                "deployment_id": answer["deploymentId"],
                "result": self.env._("Approved; %s now.", answer["status"]),
            }
        )

    def _wait_for_approver(self, version):
        own = self.sudo()
        if version.status not in FROM[own.action]:
            return own._finish("refused", self._not_now(version))
        keyed(own).write({"result": self.env._("Waiting for an approver.")})
        version._message_log(
            body=self.env._(
                "%(who)s asks: %(what)s.",
                who=own.requested_by_id.name,
                what=dict(ACTIONS)[own.action],
            )
        )
        return version._ask_approvers(dict(ACTIONS)[own.action])

    @api.model
    def _not_now(self, version):
        return self.env._("The version is %s; this is not possible now.", version.status)

    def _finish(self, state, result):
        for request in self:
            keyed(request).write({"state": state, "result": result})
            request._tell_state()

    def _tell_state(self):
        """A row in the journal; the database asks for it with each change of the state."""
        one = self.sudo()
        self.env["mlops.event"]._emit(
            "request.state",
            {
                "requestId": one.id,
                "action": one.action,
                "state": one.state,
                "result": one.result or None,
                "by": one.requested_by_id.name,
            },
            **one.version_id._about(),
        )
