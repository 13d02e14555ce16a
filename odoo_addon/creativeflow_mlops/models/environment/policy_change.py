from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError

from ...domain.policy_table import loosenings
from ..mixins.protected_fields import keyed

CHANGE_STATES = [
    ("requested", "Requested"),
    ("in-force", "In force"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
]
MANAGER = "creativeflow_mlops.group_manager"


class PolicyChange(models.Model):
    """A loosening of production's policy that one manager asks for and another accepts, or that
    waits for its time.
    """

    _name = "mlops.policy.change"
    _description = "MLOps policy change"
    _inherit = ["mlops.guarded"]
    _order = "id desc"
    _rec_name = "reason"

    environment_id = fields.Many2one(
        "mlops.environment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="environment_id.company_id", store=True, index=True)
    requested_by_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    reason = fields.Text(required=True, readonly=True)
    comment = fields.Text(readonly=True)
    changes = fields.Json(required=True, readonly=True, help="Each loosening: field, before, after")
    in_brief = fields.Char("Changes", compute="_compute_in_brief")
    state = fields.Selection(CHANGE_STATES, required=True, readonly=True, default="requested")
    effective_at = fields.Datetime(
        readonly=True, help="When it takes effect without a second person; empty: never"
    )
    may_decide = fields.Boolean(compute="_compute_may_decide")
    is_own = fields.Boolean(compute="_compute_may_decide")

    _second_person = models.Constraint(
        "CHECK (state <> 'in-force' OR decided_by_id IS DISTINCT FROM requested_by_id)",
        "A second manager accepts it.",
    )

    @api.depends("changes")
    def _compute_in_brief(self):
        for one in self:
            one.in_brief = "; ".join(
                f"{item['field']}: {_short(item['before'])} → {_short(item['after'])}"
                for item in one.changes or []
            )

    @api.depends_context("uid")
    def _compute_may_decide(self):
        for one in self:
            one.is_own = one.requested_by_id == self.env.user
            one.may_decide = (
                one.state == "requested" and not one.is_own and self.env.user.has_group(MANAGER)
            )

    @api.model
    def accept(self, change_id, comment=None):
        """Accept what another manager asked for: `{state}`. It takes effect at once."""
        change = self._deciding(change_id)
        if change.requested_by_id == self.env.user:
            raise AccessError(self.env._("Waiting for a second manager: asked for by you."))
        change._take_effect(self.env.user, comment)
        return {"state": change.state}

    @api.model
    def reject(self, change_id, reason):
        """Say no to it: `{state}`."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why you reject it: the requester reads it."))
        change = self._deciding(change_id)
        change._end("rejected", self.env.user, reason.strip())
        return {"state": change.state}

    @api.model
    def withdraw(self, change_id):
        """Take back one's own request: `{state}`."""
        change = self._deciding(change_id)
        if change.requested_by_id != self.env.user:
            raise AccessError(self.env._("Only the requester can withdraw it. Reject it instead."))
        change._end("withdrawn", self.env.user, None)
        return {"state": change.state}

    def action_accept(self):
        self.ensure_one()
        self.accept(self.id)

    def action_reject(self):
        self.ensure_one()
        self.reject(self.id, self.env._("Rejected on the form of %s.", self.environment_id.name))

    def action_withdraw(self):
        self.ensure_one()
        self.withdraw(self.id)

    @api.model
    def _deciding(self, change_id):
        """The open request as superuser, with its environment locked; the user is a manager who
        sees it.
        """
        self.env["mlops.model"]._require_role("manager")
        visible = self.search([("id", "=", int(change_id))])
        if not visible:
            raise MissingError(self.env._("Request not found, or you do not have access."))
        change = visible.sudo()
        change.environment_id._lock_policy()
        change.invalidate_recordset()
        if change.state != "requested":
            raise UserError(self.env._("It is already decided: %s.", change.state))
        return change

    @api.model
    def _ask(self, environment, changes, reason):
        """Store the request of the current user; superuser's environments alone come here."""
        hours = environment.loosening_delay_hours
        change = keyed(self).create(
            {
                "environment_id": environment.id,
                "requested_by_id": self.env.uid,
                "reason": reason,
                "changes": changes,
                "effective_at": fields.Datetime.now() + timedelta(hours=hours) if hours else False,
            }
        )
        change._tell(self.env.user, reason)
        return change

    def _take_effect(self, user, comment):
        """Write it. The policy may have moved on meanwhile: what is not looser any more, or is
        something else now, is not touched.
        """
        environment = self.environment_id
        now = environment._policy()
        wanted = {item["field"]: item["after"] for item in self.changes}
        moved = [item["field"] for item in self.changes if now.get(item["field"]) != item["before"]]
        still = [item for item in loosenings(now, {**now, **wanted}) if item["field"] in wanted]
        if moved and still:
            raise UserError(
                self.env._(
                    "The policy has changed since this was requested: %s. Request it again.",
                    ", ".join(sorted(moved)),
                )
            )
        environment._write_policy({item["field"]: item["after"] for item in still})
        self._end("in-force", user, comment)

    def _end(self, state, user, comment):
        keyed(self).write(
            {
                "state": state,
                "decided_by_id": user.id if user else False,
                "decided_at": fields.Datetime.now(),
                "comment": comment or False,
            }
        )
        self._tell(user, comment)

    def _tell(self, user, comment):
        """The journal and the chatter: who, what, when and why."""
        environment = self.environment_id.sudo()
        who = user.sudo().name if user else self.env._("Time")
        self.env["mlops.event"]._emit(
            "policy.change",
            {
                "changeId": self.id,
                "environmentId": environment.id,
                "environmentKind": environment.kind,
                "state": self.state,
                "changes": self.changes,
                "by": who,
                "requestedBy": self.requested_by_id.sudo().name,
                "reason": self.reason,
                "comment": comment or None,
            },
            company_id=environment.company_id,
        )
        said = {
            "requested": self.env._("%s asks to loosen the policy:", who),
            "in-force": self.env._("%s accepted the loosening:", who),
            "rejected": self.env._("%s rejected the loosening:", who),
            "withdrawn": self.env._("%s withdrew the request:", who),
        }[self.state]
        environment._message_log(
            body=f"{said} {self.in_brief} — {self.reason}" + (f" — {comment}" if comment else "")
        )

    @api.model
    def _end_due(self, now):
        """Applies the changes that are due; one that no longer fits is rejected."""
        for change in self.sudo().search(
            [("state", "=", "requested"), ("effective_at", "<=", now)]
        ):
            try:
                with self.env.cr.savepoint():
                    change.environment_id._lock_policy()
                    change._take_effect(None, self.env._("Nobody rejected it in time."))
            except UserError as error:
                change._end("rejected", None, str(error))


def _short(value):
    text = str(value if value not in (None, False) else "no" if value is False else "–")
    return text if len(text) <= 80 else f"{text[:77]}…"
