from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from ...domain.policy_table import loosenings
from .policy_history import SOURCES
from .policy_key import changing, is_changing, may_alone

ADMINISTRATORS = ("cluster", "namespace", "gateway_url", "registry", "kind", "company_id")


class EnvironmentGuard(models.Model):
    """What loosens production is asked for and waits for a second manager; what tightens it takes
    effect at once.
    """

    _inherit = "mlops.environment"

    policy_reason = fields.Char(
        "Reason of the change",
        store=False,
        help="Needed to ask for what loosens the policy; a second manager reads it",
    )
    loosening_delay_hours = fields.Integer(
        "Loosen without a second manager after",
        default=0,
        tracking=True,
        help="Hours after which a requested change takes effect when nobody rejected it. 0: only a "
        "second manager can accept it",
    )
    policy_change_ids = fields.One2many(
        "mlops.policy.change",
        "environment_id",
        readonly=True,
        string="Policy changes",
        groups="creativeflow_mlops.group_manager",
    )
    pending_change_ids = fields.One2many(
        "mlops.policy.change",
        "environment_id",
        readonly=True,
        domain=[("state", "=", "requested")],
        string="Waiting changes",
        groups="creativeflow_mlops.group_manager",
    )
    policy_pending = fields.Boolean(
        compute="_compute_policy_pending", help="A loosening was requested and is pending"
    )

    _delay_span = models.Constraint(
        "CHECK (loosening_delay_hours BETWEEN 0 AND 8760)", "The delay is from 0 hours to a year."
    )

    @api.depends("pending_change_ids.state")
    def _compute_policy_pending(self):
        for environment in self:
            environment.policy_pending = bool(environment.sudo().pending_change_ids)

    @api.model_create_multi
    def create(self, vals_list):
        if not (is_changing(self) or may_alone(self.env)):
            raise AccessError(
                self.env._("Environments come with their company, and are not created by hand.")
            )
        made = super().create(
            [
                {name: value for name, value in vals.items() if name != "policy_reason"}
                for vals in vals_list
            ]
        )
        made._remember_policy()
        return made

    def write(self, vals):
        if is_changing(self):
            return super().write(vals)
        vals = dict(vals)
        reason = (vals.pop("policy_reason", None) or "").strip()
        self._check_administrators(vals)
        for environment in self:
            environment._write_or_ask(vals, reason)
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not may_alone(self.env):
            raise AccessError(
                self.env._(
                    "Environments stay; archive one instead, which a second manager accepts."
                )
            )

    @api.model
    def _check_administrators(self, vals):
        named = [name for name in ADMINISTRATORS if name in vals]
        if named and not may_alone(self.env) and not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("%s is set by an administrator.", ", ".join(named)))

    def _lock_policy(self):
        try:
            self.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._(
                    "The policy is being changed by another user. Review it, then decide again."
                )
            ) from error
        self.sudo().invalidate_recordset()

    def _write_or_ask(self, vals, reason):
        """Write what loosens nothing; ask for the rest."""
        self.ensure_one()
        self._remember_policy()
        if self.sudo().kind != "production" or may_alone(self.env):
            changing(self).write(vals)
            self._remember_policy()
            return
        self.check_access("write")
        self._lock_policy()
        looser, after = self._tried(vals)
        if not looser:
            changing(self).write(vals)
            self._remember_policy()
            return
        if not reason:
            raise UserError(
                self.env._(
                    "Loosening the policy of %(environment)s needs a second manager: "
                    "%(fields)s. Say why (policy_reason); the request"
                    " then waits until another manager accepts it.",
                    environment=self.sudo().name,
                    fields=", ".join(item["field"] for item in looser),
                )
            )
        held = {
            source for item in looser for source in SOURCES.get(item["field"], (item["field"],))
        }
        rest = {name: value for name, value in vals.items() if name not in held}
        if any(item["field"] == "strategies_allowed" for item in looser):
            kept = [
                one for one in self.sudo().strategies_allowed if one in after["strategies_allowed"]
            ]
            rest["strategies_allowed"] = kept or self.sudo().strategies_allowed
        again, _after = self._tried(rest)
        if again:
            raise UserError(
                self.env._("Change %s by itself.", ", ".join(item["field"] for item in looser))
            )
        changing(self).write(rest)
        self._remember_policy()
        self.env["mlops.policy.change"]._ask(self.sudo(), looser, reason)

    def _tried(self, vals):
        """What would be looser, and the policy that would be; nothing of it stays."""
        before = self.sudo()._policy()
        with self.env.cr.savepoint() as savepoint:
            changing(self).write(vals)
            self.env.flush_all()
            after = self.sudo()._policy()
            savepoint.rollback()
        self.env.invalidate_all()
        return loosenings(before, after), after

    def _write_policy(self, wanted):
        """What was accepted, as superuser; self is superuser's."""
        vals = {}
        for name, value in wanted.items():
            if name == "freeze":
                vals |= {"freeze_from": _datetime(value[0]), "freeze_until": _datetime(value[1])}
            elif name == "steps":
                vals["step_ids"] = [
                    fields.Command.clear(),
                    *(
                        fields.Command.create(
                            self.env["mlops.environment.step"]._kept_values(step, 10 * number)
                        )
                        for number, step in enumerate(value, 1)
                    ),
                ]
            elif self._fields[name].type == "many2one":
                vals[name] = value[0] if value else False
            else:
                vals[name] = value
        self._remember_policy()
        changing(self).write(vals)
        self.env.flush_all()
        self._remember_policy()


def _datetime(text):
    return fields.Datetime.to_datetime(text.replace("T", " ")) if text else False
