import json

from odoo import api, fields, models

from ...domain.iso_time import iso
from ..environment.environment import KINDS
from ..mixins.protected_fields import keyed

SERVED_BY_MAX = 20
PROTOCOLS = [("open-inference-v2", "Open Inference Protocol v2"), ("http", "HTTP")]


class Endpoint(models.Model):
    """Where a model answers in an environment and what serves behind it: what n8n and other
    workflows read.
    """

    _name = "mlops.endpoint"
    _description = "MLOps endpoint"
    _inherit = ["mlops.guarded"]
    _order = "name"

    name = fields.Char(required=True, readonly=True, help="production/slug or staging/slug")
    url = fields.Char("URL", readonly=True, help="Base URL; the protocol's paths follow it")
    protocol = fields.Selection(
        PROTOCOLS, readonly=True, required=True, default="open-inference-v2"
    )
    environment_id = fields.Many2one(
        "mlops.environment", required=True, readonly=True, ondelete="restrict"
    )
    environment_kind = fields.Selection(
        KINDS, required=True, readonly=True, help="staging or production"
    )
    model_id = fields.Many2one(
        "mlops.model", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="model_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="model_id.team_id", store=True)
    version_id = fields.Many2one(
        "mlops.model.version", string="Version record", readonly=True, ondelete="restrict"
    )
    version = fields.Char(readonly=True, help="The version that serves now")
    input_schema = fields.Text(readonly=True, help="JSON")
    output_schema = fields.Text(readonly=True, help="JSON")
    is_available = fields.Boolean("Available", readonly=True, help="Serving now")
    changed_at = fields.Datetime(readonly=True)

    _one_per_place = models.Constraint(
        "UNIQUE (environment_id, model_id)", "A model has one endpoint in an environment."
    )

    @api.model
    def _announce(self, deployment, url, available):
        """Make the endpoint of the deployment's model and environment say what serves now; an event
        when that changed.
        """
        version, model, environment = (
            deployment.version_id,
            deployment.model_id,
            deployment.environment_id,
        )
        values = {
            "url": url,
            "protocol": deployment._protocol(),
            "version_id": version.id,
            "version": version.name,
            "input_schema": json.dumps(version.input_schema) if version.input_schema else False,
            "output_schema": json.dumps(version.output_schema) if version.output_schema else False,
            "is_available": available,
        }
        endpoint = self.sudo().search(
            [("environment_id", "=", environment.id), ("model_id", "=", model.id)]
        )
        if not endpoint:
            endpoint = (
                keyed(self)
                .create(
                    {
                        **values,
                        "name": f"{environment.kind}/{model.slug}",
                        "environment_id": environment.id,
                        "environment_kind": environment.kind,
                        "model_id": model.id,
                        "changed_at": fields.Datetime.now(),
                    }
                )
                .sudo()
            )
        elif all(
            (endpoint[name].id if name == "version_id" else endpoint[name]) == value
            for name, value in values.items()
        ):
            return endpoint
        else:
            keyed(endpoint).write({**values, "changed_at": fields.Datetime.now()})
        endpoint._tell_change()
        return endpoint

    def _set_available(self, available):
        for endpoint in self.sudo().filtered(lambda one: one.is_available != available):
            keyed(endpoint).write({"is_available": available, "changed_at": fields.Datetime.now()})
            endpoint._tell_change()

    def _tell_change(self):
        """`endpoint.changed` in the journal, and a delivery to webhooks when some subscribe."""
        one = self.sudo()
        about = {
            "company_id": one.company_id,
            "team_id": one.team_id,
            "model_id": one.model_id,
            "version_id": one.version_id,
            "endpoint_id": one,
        }
        events = self.env["mlops.event"]
        event_id = events._emit("endpoint.changed", one._view(), **about)
        if (
            self.env["mlops.webhook"]
            .sudo()
            .search_count([("company_id", "=", one.company_id.id)], limit=1)
        ):
            events._emit(
                "command",
                {"eventId": event_id},
                command="webhook",
                key=f"event:{event_id}",
                generation=1,
                **about,
            )

    @api.model
    def list_page(self, offset=0, limit=50):
        """`{total, items}` of the endpoints that the user may see."""
        endpoints = self.search([], offset=int(offset), limit=max(1, min(int(limit), 200)))
        return {
            "total": self.search_count([]),
            "items": [endpoint._view() for endpoint in endpoints.sudo()],
        }

    @api.model
    def served_by(self, endpoint_id):
        """`{namespace, versions: [{versionId, version, slug}]}` of an endpoint that the user may
        see: what was deployed there, the newest first.
        """
        endpoint = self._visible(endpoint_id).sudo()
        deployments = (
            self.env["mlops.deployment"]
            .sudo()
            .search(
                [
                    ("environment_id", "=", endpoint.environment_id.id),
                    ("model_id", "=", endpoint.model_id.id),
                ],
                order="id desc",
                limit=SERVED_BY_MAX,
            )
        )
        slug = endpoint.model_id.slug
        return {
            "namespace": endpoint.environment_id.namespace,
            "versions": [
                {"versionId": one.id, "version": one.name, "slug": slug}
                for one in deployments.version_id
            ],
        }

    def _view(self):
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url or "",
            "protocol": self.protocol,
            "environment": self.environment_id.name,
            "environmentKind": self.environment_kind,
            "modelId": self.model_id.id,
            "versionId": self.version_id.id or None,
            "version": self.version or None,
            "inputSchema": json.loads(self.input_schema) if self.input_schema else None,
            "outputSchema": json.loads(self.output_schema) if self.output_schema else None,
            "isAvailable": self.is_available,
            "changedAt": iso(self.changed_at),
        }
