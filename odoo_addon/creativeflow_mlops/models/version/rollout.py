from odoo import models

from ..deployment.deployment import IN_FLIGHT


class VersionRollout(models.Model):
    _inherit = "mlops.model.version"

    def _rollout_facts(self):
        """What rollout_actions wants, of the rollout to production that is under way; None when
        none is.
        """
        version = self.sudo()
        if version.status != "PendingProdDeployment":
            return None
        one = version.deployment_ids.filtered(
            lambda one: (
                one.environment_kind == "production"
                and one.phase in IN_FLIGHT
                and one._is_awaited()
            )
        )[:1]
        return one._steering_facts() if one else None
