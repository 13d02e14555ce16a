from odoo import models


class VersionRolloutButton(models.Model):
    _inherit = "mlops.model.version"

    def action_view_rollout(self):
        """The rollout to production that is under way."""
        self.check_access("read")
        deployment = self.deployment_ids.filtered(
            lambda one: one.environment_kind == "production"
        ).sorted("id", reverse=True)[:1]
        return {
            "type": "ir.actions.act_window",
            "res_model": "mlops.deployment",
            "res_id": deployment.id,
            "view_mode": "form",
        }
