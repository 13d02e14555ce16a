import re

from odoo import models

CHANNEL_FORM = re.compile(r"creativeflow_mlops\.version_(\d{1,9})")
CHANGES = "creativeflow_mlops.changes"


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """The channel of a version is open to those who may read the version; that of changes is
        the person's own companies'.
        """
        kept, wanted, changes = [], [], False
        for channel in channels:
            match = CHANNEL_FORM.fullmatch(channel) if isinstance(channel, str) else None
            if match:
                wanted.append(int(match[1]))
            elif channel == CHANGES:
                changes = True
            else:
                kept.append(channel)
        if (wanted or changes) and self.env["mlops.model.version"].has_access("read"):
            kept.extend(self.env["mlops.model.version"].search([("id", "in", wanted)]))
            kept.extend((company, CHANGES) for company in self.env.user.company_ids if changes)
        return super()._build_bus_channel_list(kept)
