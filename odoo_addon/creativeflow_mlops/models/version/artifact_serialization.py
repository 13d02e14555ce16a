from odoo import models


class ArtifactView(models.Model):
    _inherit = "mlops.artifact"

    def _view(self):
        return {
            "id": self.id,
            "kind": self.kind,
            "filename": self.filename,
            "digest": self.digest,
            "size": self.size,
            "mediaType": self.media_type or "application/octet-stream",
        }
