from odoo import models

from ...domain.iso_time import iso


class VersionRow(models.Model):
    _inherit = "mlops.model.version"

    def _row(self):
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "statusReason": self.status_reason or None,
            "statusReasonCode": self.status_reason_code or None,
            "submitter": self.submitter_id.name,
            "changedAt": iso(self.status_changed_at),
            "road": self.road or [],
        }
