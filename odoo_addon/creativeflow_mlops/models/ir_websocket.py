import re

from odoo import models

CHANNEL_FORM = re.compile(r"creativeflow_mlops\.version_(\d{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """The channel of a version is open to those who may read the version, and to nobody else."""
        kept, wanted = [], []
        for channel in channels:
            match = CHANNEL_FORM.fullmatch(channel) if isinstance(channel, str) else None
            if match:
                wanted.append(int(match[1]))
            else:
                kept.append(channel)
        if wanted and self.env["mlops.model.version"].has_access("read"):
            kept.extend(self.env["mlops.model.version"].search([("id", "in", wanted)]))
        return super()._build_bus_channel_list(kept)
