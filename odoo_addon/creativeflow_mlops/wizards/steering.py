from odoo import api, fields, models

from ..domain.actions import ACTIONS, ROLLOUT_ACTIONS
from ..wording import translated


class Steering(models.TransientModel):
    """The dialog that asks why a step is skipped, or a rollout aborted."""

    _name = "mlops.steering"
    _description = "MLOps rollout dialog"
    _inherit = ["mlops.placed"]

    deployment_id = fields.Many2one("mlops.deployment", required=True, readonly=True)
    action = fields.Selection(
        [(one.name, one.label) for one in ROLLOUT_ACTIONS if one.effect],
        required=True,
        readonly=True,
    )
    step = fields.Integer(readonly=True)
    reason = fields.Text(required=True, default="")
    is_danger = fields.Boolean(compute="_compute_is_danger")
    consequence = fields.Char(compute="_compute_consequence")

    @api.model
    def _open(self, deployment, name):
        self.env["mlops.model"]._require_role(*ACTIONS[name].roles)
        deployment = deployment._visible(deployment.id)
        dialog = self.create(
            {"deployment_id": deployment.id, "action": name, "step": deployment.current_step}
        )
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["action"]._description_selection(self.env))[name],
            "res_model": self._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends("action")
    def _compute_is_danger(self):
        for one in self:
            one.is_danger = ACTIONS[one.action].is_danger

    @api.depends("deployment_id", "action", "step")
    @api.depends_context("lang")
    def _compute_consequence(self):
        for one in self:
            rollout = one.deployment_id._seen().rollout or {"steps": []}
            words = (step["words"] for step in rollout["steps"] if step["index"] == one.step)
            effect = ACTIONS[one.action].effect(
                {"live": rollout.get("before"), "step_words": next(words, False)}
            )
            one.consequence = translated(self.env, effect)

    def confirm(self):
        """The method of the action asks everything again."""
        self.ensure_one()
        action = ACTIONS[self.action]
        step = {"step": self.step} if action.has_step else {}
        method = getattr(self.env[action.record], action.method)
        method(self.deployment_id.id, **step, **{action.words: self.reason})
        return {"type": "ir.actions.act_window_close"}
