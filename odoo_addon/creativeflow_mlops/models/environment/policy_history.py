from odoo import fields, models

from ...domain.policy_table import strictest
from ..mixins.protected_fields import keyed

# The policy field → the fields of the environment from which it is made.
SOURCES = {
    "steps": ("step_ids",),
    "freeze": ("freeze_from", "freeze_until"),
    "strategies_allowed": (
        "strategies_allowed",
        "allow_rolling",
        "allow_blue_green",
        "allow_canary",
        "allow_recreate",
    ),
}
# Fields of an environment that loosen nothing; whatever stands neither here nor in the table of
# policies is a policy.
HARMLESS = frozenset(
    {
        "name",
        "freeze_reason",
        "policy_reason",
        "id",
        "display_name",
        "create_uid",
        "create_date",
        "write_uid",
        "write_date",
        "strategies_in_brief",
        "steps_in_brief",
        "pending_change_ids",
        "policy_pending",
        "policy_change_ids",
        "policy_snapshot_ids",
    }
)


def _moment(value):
    return value.isoformat() if value else None


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


class EnvironmentHistory(models.Model):
    _inherit = "mlops.environment"

    policy_snapshot_ids = fields.One2many(
        "mlops.policy.snapshot",
        "environment_id",
        readonly=True,
        groups="creativeflow_mlops.group_manager",
    )

    def _policy(self):
        """The policy as the table of policies compares it."""
        self.ensure_one()
        steps = self.step_ids.sorted(lambda one: (one.sequence, one.id))
        over = (
            self.freeze_until and self.freeze_until <= fields.Datetime.now()
        )  # whoever clears it loosens nothing
        policy = {
            "steps": [
                {
                    **one._step(),
                    **({"signalBy": one.signal_by_id.id or None} if one.signal_model else {}),
                }
                for one in steps
            ]
            or self._steps(),
            "freeze": [None, None]
            if over
            else [_moment(self.freeze_from), _moment(self.freeze_until)],
        }
        used = {source for sources in SOURCES.values() for source in sources} - {
            "strategies_allowed"
        }
        for name, field in self._fields.items():
            foreign = name in self.env["mail.thread"]._fields
            if name not in used and name not in HARMLESS and not foreign:
                policy[name] = self[name].ids if field.relational else _plain(self[name])
        return policy

    def _remember_policy(self):
        """Keep the policy as it is now, when it is another than the one kept last."""
        for one in self.sudo().filtered(lambda one: one.kind == "production"):
            policy = one._policy()
            kept = one.env["mlops.policy.snapshot"].search(
                [("environment_id", "=", one.id)], limit=1, order="id desc"
            )
            if not kept or kept.policy != policy:
                keyed(self.env["mlops.policy.snapshot"]).create(
                    {
                        "environment_id": one.id,
                        "since": self.env.cr.now(),
                        "policy": policy,
                        "user_id": self.env.uid,
                    }
                )

    def _judging_policy(self, version):
        """The strictest policy from the upload of this version until now."""
        environment = self.sudo()
        if environment.kind != "production":
            return environment._policy()
        snapshots = (
            self.env["mlops.policy.snapshot"]
            .sudo()
            .search([("environment_id", "=", environment.id)], order="id")
        )
        uploaded = version.sudo().create_date or fields.Datetime.now()
        before = snapshots.filtered(lambda one: one.since <= uploaded)
        since = before[-1:] | (snapshots - before)
        policies = [*(one.policy for one in since.sorted("id")), environment._policy()]
        return {**environment._policy(), **strictest(policies)}
