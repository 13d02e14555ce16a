from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...domain.rollout_steps import CANARY, steps_refusal
from ...domain.step_words import in_brief
from ...wording import translated
from .policy_key import changing


class EnvironmentSteps(models.Model):
    _inherit = "mlops.environment"

    step_ids = fields.One2many(
        "mlops.environment.step", "environment_id", string="Steps of a canary"
    )
    steps_in_brief = fields.Char(
        "Canary", compute="_compute_steps_in_brief", store=True, tracking=True
    )
    own_steps = fields.Boolean(
        string="Other steps at a promotion",
        tracking=True,
        help="An approver may promote with a list of steps of their own",
    )

    @api.depends(
        "step_ids.sequence",
        "step_ids.kind",
        "step_ids.percent",
        "step_ids.seconds",
        "step_ids.within_seconds",
        "step_ids.signal_model",
        "step_ids.signal_domain",
    )
    def _compute_steps_in_brief(self):
        for environment in self:
            environment.steps_in_brief = in_brief(
                [
                    {
                        "kind": one.kind,
                        "percent": one.percent,
                        "seconds": one.seconds,
                        "withinSeconds": one.within_seconds,
                        "signal": f"{one.signal_model} {one.signal_domain or '[]'}"
                        if one.kind == "judge" and one.signal_model
                        else None,
                    }
                    for one in environment.step_ids.sorted(
                        lambda one: (one.sequence, one._origin.id or 2**31)
                    )
                    if one.kind
                ]
            )

    @api.constrains("step_ids", "strategies_allowed")
    def _check_steps(self):
        for environment in self.filtered("step_ids"):
            why = steps_refusal(environment._steps())
            if why:
                raise ValidationError(translated(self.env, why))

    def _steps(self):
        """The environment's canary as a list; the built-in one where nobody wrote another."""
        return [
            one._step() for one in self.step_ids.sorted(lambda one: (one.sequence, one.id))
        ] or [dict(step) for step in CANARY]

    def _signal_users(self):
        """Index of the step → who said what is counted there."""
        steps = self.step_ids.sorted(lambda one: (one.sequence, one.id))
        return {
            str(index): one.signal_by_id.id
            for index, one in enumerate(steps)
            if one.kind == "judge" and one.signal_model
        }

    def action_default_steps(self):
        """Start again from the built-in list."""
        self.check_access("write")
        for environment in self:
            environment.write(
                {
                    "step_ids": self._default_steps(),
                    "policy_reason": self.env._("Reset to the default steps."),
                }
            )

    @api.model
    def _default_steps(self):
        values = [
            self.env["mlops.environment.step"]._values(step, 10 * number)
            for number, step in enumerate(CANARY, 1)
        ]
        return [fields.Command.clear(), *(fields.Command.create(one) for one in values)]

    def _put_default_steps(self):
        """The list that a new environment begins with."""
        changing(self).write({"step_ids": self._default_steps()})
        self._remember_policy()
