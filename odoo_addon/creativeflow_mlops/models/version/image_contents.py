from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.image_policy import inventory_refusal
from ..mixins.protected_fields import keyed


class VersionInventory(models.Model):
    """What is in the image: how many packages, which known holes, what the malware scanner said,
    and how much of that is known.
    """

    _inherit = "mlops.model.version"

    inventory = fields.Json(readonly=True, help="What the bridge found in the image that it built")

    @api.model
    def report_inventory(self, version_id, image_digest, inventory):
        """What the image holds: `{accepted}`. `inventory`: {sbomKey, packages, vulnerabilities,
        vulnerabilityCount, malware, tools}.
        """
        version = self._reported(version_id)
        if not version.image_digest or version.image_digest != image_digest:
            return {"accepted": False, "reason": "DigestMismatch"}
        if not isinstance(inventory, dict) or not isinstance(inventory.get("tools"), list):
            raise UserError(self.env._("An inventory names the tools that made it."))
        keyed(version).write({"inventory": inventory})
        self.env["mlops.event"]._emit(
            "version.inventory",
            {
                "packages": inventory.get("packages"),
                "vulnerabilities": inventory.get("vulnerabilityCount"),
                "malware": inventory.get("malware") or [],
                "tools": inventory["tools"],
            },
            **version._about(),
        )
        version._tell_screens()
        return {"accepted": True}

    def _inventory_refusal(self, environment):
        judged = environment._judging_policy(self)
        why = inventory_refusal(judged["inventory_policy"], self.sudo().inventory)
        return why + self._since_upload(environment, judged, "inventory_policy") if why else None
