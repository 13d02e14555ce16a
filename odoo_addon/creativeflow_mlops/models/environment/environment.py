from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...domain.image_policy import POLICIES
from ...domain.iso_time import iso
from .policy_key import changing

STRATEGIES = [
    ("rolling", "Rolling"),
    ("blue-green", "Blue-green"),
    ("canary", "Canary"),
    ("recreate", "Recreate (with downtime)"),
]
KINDS = [("staging", "Staging"), ("production", "Production")]
DEFAULT_GATEWAY_URL = "http://127.0.0.1:18080"
DEFAULT_REGISTRY = "registry.creativeflow.internal:15000"


class Environment(models.Model):
    """Where versions run, and the policy for it. A company has one of each kind."""

    _name = "mlops.environment"
    _description = "MLOps environment"
    _inherit = ["mlops.placed", "mail.thread"]
    _order = "kind desc, id"

    name = fields.Char(required=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    cluster = fields.Char(default="local", tracking=True)
    namespace = fields.Char(required=True, tracking=True)
    gateway_url = fields.Char(
        required=True, tracking=True, help="The gateway as the bridge reaches it"
    )
    registry = fields.Char(required=True, tracking=True)
    four_eyes = fields.Boolean(
        string="Four eyes",
        tracking=True,
        help="The submitter of a version cannot approve it for this environment",
    )
    strategy_default = fields.Selection(STRATEGIES, required=True, default="rolling", tracking=True)
    strategies_allowed = fields.Json(default=lambda self: ["rolling"])
    max_gpus = fields.Integer(
        default=8, tracking=True, help="For all replicas of one deployment together"
    )
    max_replicas = fields.Integer(default=8, tracking=True)
    keep_previous_minutes = fields.Integer(
        default=60,
        tracking=True,
        help="How long the previous version keeps running after a rollout",
    )
    ready_deadline_seconds = fields.Integer(
        default=600, tracking=True, help="A deployment that is not ready by then fails"
    )
    inventory_policy = fields.Selection(
        POLICIES,
        string="Image contents",
        required=True,
        default="tell",
        tracking=True,
        help="What must be known of an image's packages before it goes there. Malware is refused "
        "always",
    )
    active = fields.Boolean(default=True)

    _one_per_kind = models.Constraint(
        "UNIQUE (company_id, kind)", "A company has one environment of each kind."
    )
    _four_eyes_known = models.Constraint(
        "CHECK (four_eyes IS NOT NULL)", "Say whether four eyes are needed."
    )
    _limits = models.Constraint(
        "CHECK (max_gpus >= 0 AND max_replicas > 0 AND keep_previous_minutes >= 0 AND "
        "ready_deadline_seconds BETWEEN 10 AND 86400)",
        "Limits cannot be negative; the deadline is from 10 seconds to a day.",
    )

    @api.constrains("strategy_default", "strategies_allowed")
    def _check_strategies(self):
        known = {name for name, _label in STRATEGIES}
        for environment in self:
            allowed = environment.strategies_allowed
            if not isinstance(allowed, list) or not allowed or not set(allowed) <= known:
                raise ValidationError(
                    self.env._("Allowed strategies are a list of: %s.", ", ".join(sorted(known)))
                )
            if environment.strategy_default not in allowed:
                raise ValidationError(
                    self.env._("The default strategy must be one of the allowed.")
                )

    @api.model
    def _create_missing(self, companies):
        """Staging and production for each of these companies that lacks them."""
        parameters = self.env["ir.config_parameter"].sudo()
        gateway = parameters.get_param("creativeflow_mlops.gateway_url") or DEFAULT_GATEWAY_URL
        registry = parameters.get_param("creativeflow_mlops.registry") or DEFAULT_REGISTRY
        everything = self.sudo().with_context(active_test=False)
        for company in companies:
            there = set(everything.search([("company_id", "=", company.id)]).mapped("kind"))
            for kind, label in KINDS:
                if kind in there:
                    continue
                production = kind == "production"
                changing(everything).create(
                    {
                        "name": label,
                        "kind": kind,
                        "company_id": company.id,
                        "namespace": f"mlops-{kind}",
                        "gateway_url": gateway,
                        "registry": registry,
                        "four_eyes": production,
                        "strategy_default": "blue-green" if production else "rolling",
                        "strategies_allowed": ["blue-green", "rolling", "canary"]
                        if production
                        else ["rolling"],
                        "keep_previous_minutes": 60 if production else 0,
                    }
                )._put_default_steps()

    @api.model
    def _of(self, company, kind):
        """The company's environment of this kind, as superuser; empty when it was archived."""
        return self.sudo().search([("company_id", "=", company.id), ("kind", "=", kind)], limit=1)

    @api.model
    def list_page(self):
        """`{total, items}` of the environments that the user may see."""
        items = [
            {
                "id": one.id,
                "name": one.name,
                "kind": one.kind,
                "company": one.company_id.name,
                "cluster": one.cluster or None,
                "namespace": one.namespace,
                "gatewayUrl": one.gateway_url,
                "registry": one.registry,
                "fourEyes": one.four_eyes,
                "strategyDefault": one.strategy_default,
                "strategiesAllowed": one.strategies_allowed,
                "maxGpus": one.max_gpus,
                "maxReplicas": one.max_replicas,
                "keepPreviousMinutes": one.keep_previous_minutes,
                "readyDeadlineSeconds": one.ready_deadline_seconds,
                "steps": one._steps(),
                "ownSteps": one.own_steps,
                "queueMinutes": one.queue_minutes,
                "openHours": one.open_calendar_id.name or None,
                "freezeFrom": iso(one.freeze_from or None),
                "freezeUntil": iso(one.freeze_until or None),
                "freezeReason": one.freeze_reason or None,
            }
            for one in self.search([]).sudo()
        ]
        return {"total": len(items), "items": items}
