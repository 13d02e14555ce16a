import re
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .guarded import keyed

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
                            "Endpoints need an origin of their own; %s is the app's. Take another host name, or another port.",
                            parameter.value,
                        )
                    )
            self.env["mlops.endpoint"]._move_addresses()


def _origin(url):
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)
