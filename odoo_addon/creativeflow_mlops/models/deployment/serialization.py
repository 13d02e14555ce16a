from odoo import models

from ...domain.iso_time import iso


class DeploymentView(models.Model):
    _inherit = "mlops.deployment"

    def _view(self):
        return {
            "id": self.id,
            "environment": self.environment_id.name,
            "environmentKind": self.environment_kind,
            "strategy": self.strategy,
            "generation": self.generation,
            "desired": self.desired,
            "phase": self.phase,
            "reason": self.reason or None,
            "reasonCode": self.reason_code or None,
            "isLive": self.is_live,
            "conditions": self.conditions or [],
            "endpointUrl": self.endpoint_url or None,
            "previewUrl": self.preview_url or None,
            "observed": self.observed or None,
            "requestedBy": self.requested_by_id.name,
            "createdAt": iso(self.create_date),
            "deadlineAt": iso(self._deadline() or None),
            "steps": self.steps or None,
            "controls": self._controls(),
            "pausedAt": iso(self.paused_at or None),
        }
