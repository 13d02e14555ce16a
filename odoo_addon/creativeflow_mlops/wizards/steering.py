from odoo import api, fields, models

ACTIONS = [("skip-step", "Skip this step"), ("abort", "Abort the rollout")]


class Steering(models.TransientModel):
    """The dialog that asks why a step is skipped, or a rollout aborted."""

    _name = "mlops.steering"
    _description = "MLOps rollout dialog"
    _inherit = ["mlops.placed"]

    deployment_id = fields.Many2one("mlops.deployment", required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    step = fields.Integer(readonly=True)
    reason = fields.Text(required=True, default="")
    consequence = fields.Char(compute="_compute_consequence")

    @api.model
    def _open(self, deployment, action):
        self.env["mlops.model"]._require_role("approver")
        deployment = deployment._visible(deployment.id)
        dialog = self.create(
            {"deployment_id": deployment.id, "action": action, "step": deployment.current_step}
        )
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["action"]._description_selection(self.env))[action],
            "res_model": self._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends("deployment_id", "action", "step")
    def _compute_consequence(self):
        for one in self:
            rollout = one.deployment_id._seen().rollout or {"steps": []}
            if one.action == "abort":
                before = rollout.get("before")
                back = self.env._("%s keeps serving and takes all traffic back.", before)
                one.consequence = back if before else self.env._("Nothing will be live.")
            else:
                one.consequence = next(
                    (step["words"] for step in rollout["steps"] if step["index"] == one.step), False
                )

    def confirm(self):
        """The method of the action asks everything again."""
        self.ensure_one()
        deployments, deployment_id = self.env["mlops.deployment"], self.deployment_id.id
        if self.action == "abort":
            deployments.abort(deployment_id, self.reason)
        else:
            deployments.skip_step(deployment_id, self.step, self.reason)
        return {"type": "ir.actions.act_window_close"}
