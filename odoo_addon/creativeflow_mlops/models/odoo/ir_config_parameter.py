from urllib.parse import urlsplit

from odoo import api, models
from odoo.exceptions import ValidationError

from ..deployment.endpoint_address import PARAMETER


def _origin(url):
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


class Parameters(models.Model):
    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        parameters._endpoints_moved()
        return parameters

    def write(self, vals):
        result = super().write(vals)
        self._endpoints_moved()
        return result

    def _endpoints_moved(self):
        for parameter in self.filtered(lambda one: one.key == PARAMETER):
            own = urlsplit(parameter.value or "")
            if own.scheme not in ("http", "https") or not own.hostname or own.query or own.fragment:
                raise ValidationError(
                    self.env._(
                        "%s is the address of endpoints, such as https://endpoints.example.com.",
                        PARAMETER,
                    )
                )
            for other in ("web.base.url", "creativeflow_mlops.public_url"):
                if _origin(self.get_param(other) or "") == _origin(parameter.value):
                    raise ValidationError(
                        self.env._(
                            "Endpoints need an origin of their own; %s is the app's. Take "
                            "another host name, or another port.",
                            parameter.value,
                        )
                    )
            self.env["mlops.endpoint"]._move_addresses()
