import ast
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

STEP_KINDS = [
    ("scale", "Start pods"),
    ("preview", "Preview"),
    ("weight", "Traffic"),
    ("wait", "Wait"),
    ("approve", "Manual approval"),
    ("judge", "Analysis"),
]
SIGNAL_FIELDS = {"signal_model", "signal_domain"}


class EnvironmentStep(models.Model):
    """A step of the canary of an environment. Only the numbers of its kind count; a promotion
    copies the list as it is then.
    """

    _name = "mlops.environment.step"
    _description = "MLOps rollout step"
    _inherit = ["mlops.placed"]
    _order = "sequence, id"

    environment_id = fields.Many2one(
        "mlops.environment", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="environment_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=100)
    kind = fields.Selection(STEP_KINDS, required=True, default="wait")
    percent = fields.Integer("%", default=100, help="Of the wanted pods, or of the traffic")
    seconds = fields.Integer(default=60, help="How long to wait, or the window of the analysis")
    within_seconds = fields.Integer(
        default=600,
        help="It fails when nobody approves, or too little traffic arrives, in this time",
    )
    min_requests = fields.Integer(default=20, help="Fewer are too few for an analysis")
    max_error_rate = fields.Float(
        digits=(6, 4), default=0.01, help="0 to 1, above the stable version's"
    )
    max_latency_ratio = fields.Float(
        digits=(6, 2), default=1.5, help="p95 latency relative to the stable version's"
    )
    max_restarts = fields.Integer(default=0)
    too_little = fields.Selection(
        [("wait", "Wait for traffic"), ("golden", "Send the reference requests")], default="golden"
    )
    min_agreement = fields.Float(
        "Prediction agreement",
        digits=(6, 4),
        help="0 to 1: the share of the model's examples that both versions must answer alike. "
        "0: not compared",
    )
    tolerance = fields.Float(
        digits=(6, 4),
        default=0.01,
        help="How far numbers in the answers may differ, relative to one or to the larger",
    )
    signal_model = fields.Char(
        "Business metric", help="A model of Odoo whose records are counted, e.g. sale.order"
    )
    signal_domain = fields.Char(help="Which records, e.g. [('state', '=', 'cancel')]")
    signal_max_increase = fields.Integer(help="Allowed increase over the window before")
    signal_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="restrict",
        help="Counted with this user's access rights",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # named always, so that no default of the context names somebody else
        return super().create([{"signal_by_id": False, **self._signed(vals)} for vals in vals_list])

    def write(self, vals):
        return super().write(self._signed(vals))

    @api.model
    def _signed(self, vals):
        """Whoever says what is counted lends their eyes, not somebody else's."""
        vals = {name: value for name, value in vals.items() if name != "signal_by_id"}
        return {**vals, "signal_by_id": self.env.uid} if SIGNAL_FIELDS & vals.keys() else vals

    @api.constrains("signal_model", "signal_domain")
    def _check_signal(self):
        for step in self.filtered("signal_model"):
            self._try_signal(step.signal_model, step._domain())

    @api.model
    def _try_signal(self, name, domain):
        """Count once as the current user: what they may not see, or what is no domain, is refused
        here and not in mid-rollout.
        """
        if name not in self.env or self.env[name]._abstract or self.env[name]._transient:
            raise ValidationError(
                self.env._("There is no model %s whose records can be counted.", name)
            )
        try:
            self.env(su=False)[name].search_count(domain, limit=1)
        except AccessError as error:
            raise ValidationError(
                self.env._("You may not read %s, so nothing can be counted for you.", name)
            ) from error
        except (ValueError, TypeError, UserError) as error:
            raise ValidationError(
                self.env._("The domain does not fit %(model)s: %(why)s", model=name, why=error)
            ) from error

    def _domain(self):
        try:
            domain = ast.literal_eval(self.signal_domain or "[]")
        except (ValueError, SyntaxError) as error:
            raise ValidationError(
                self.env._(
                    "The domain must be a list of conditions without names: %s", self.signal_domain
                )
            ) from error
        return json.loads(json.dumps(domain))

    def _step(self):
        """As docs/odoo-api.md writes it."""
        if self.kind in ("scale", "weight"):
            return {"kind": self.kind, "percent": self.percent}
        if self.kind == "wait":
            return {"kind": "wait", "seconds": self.seconds}
        if self.kind == "approve":
            return {"kind": "approve", "withinSeconds": self.within_seconds}
        if self.kind == "preview":
            return {"kind": "preview"}
        return {
            "kind": "judge",
            "seconds": self.seconds,
            "minRequests": self.min_requests,
            "maxErrorRate": self.max_error_rate,
            "maxLatencyRatio": self.max_latency_ratio,
            "maxRestarts": self.max_restarts,
            "tooLittle": self.too_little or "wait",
            "withinSeconds": self.within_seconds,
            "signal": {
                "model": self.signal_model,
                "domain": self._domain(),
                "maxIncrease": self.signal_max_increase,
            }
            if self.signal_model
            else None,
            **(
                {"minAgreement": self.min_agreement, "tolerance": self.tolerance}
                if self.min_agreement
                else {}
            ),
        }

    @api.model
    def _values(self, step, sequence):
        """The record of a step of the wire."""
        names = {
            "withinSeconds": "within_seconds",
            "minRequests": "min_requests",
            "maxErrorRate": "max_error_rate",
            "maxLatencyRatio": "max_latency_ratio",
            "maxRestarts": "max_restarts",
            "tooLittle": "too_little",
            "minAgreement": "min_agreement",
        }
        return {
            names.get(name, name): value for name, value in step.items() if name != "signal"
        } | {"sequence": sequence}
