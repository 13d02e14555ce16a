import re
from urllib.parse import urlsplit

from odoo import api, fields, models

from ..mixins.protected_fields import keyed

PARAMETER = "creativeflow_mlops.endpoints_url"
SERVED = re.compile(r"/(?:endpoints|previews)/.*$", re.DOTALL)
# Everything that holds the address of an endpoint or a preview. The last is text for people, an
# address when it went well.
RECORDED = (
    ("mlops.endpoint", "url"),
    ("mlops.deployment", "endpoint_url"),
    ("mlops.deployment", "preview_url"),
    ("mlops.model.version", "staging_endpoint_url"),
    ("mlops.model.version", "prod_endpoint_url"),
    ("mlops.request", "result"),
)


class EndpointAddress(models.Model):
    """Addresses are at one origin, and that is configuration: no bridge, however old, brings
    another one back.
    """

    _inherit = "mlops.endpoint"

    @api.model
    def _address(self, url):
        """The same address at the configured origin; as it is when none is configured, or when it
        is no address.
        """
        base = (self.env["ir.config_parameter"].sudo().get_param(PARAMETER) or "").rstrip("/")
        if not base or not url or not re.match(r"https?://\S+$", url):
            return url
        served = SERVED.search(urlsplit(url).path)
        return base + (served.group() if served else urlsplit(url).path)

    @api.model
    def _move_addresses(self):
        """What is recorded moves to the configured origin; workflows and screens are told."""
        for model, name in RECORDED:
            records = (
                self.env[model].sudo().with_context(active_test=False).search([(name, "!=", False)])
            )
            for record in records:
                if not SERVED.search(record[name]) or record[name] == self._address(record[name]):
                    continue
                keyed(record).write({name: self._address(record[name])})
                if model == "mlops.endpoint":
                    keyed(record).write({"changed_at": fields.Datetime.now()})
                    record._tell_change()
                elif model == "mlops.model.version":
                    record._tell_screens()
