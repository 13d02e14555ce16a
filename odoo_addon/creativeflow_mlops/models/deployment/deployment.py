from odoo import api, fields, models
from odoo.exceptions import MissingError

from ..environment.environment import STRATEGIES
from ..mixins.protected_fields import keyed

DESIRED = [("serving", "Serving"), ("kept", "Kept"), ("removed", "Removed")]
PHASES = [
    (name, name)
    for name in ("Pending", "Building", "Progressing", "Ready", "Failed", "Superseded", "Removed")
]
IN_FLIGHT = ("Pending", "Building", "Progressing")


class Deployment(models.Model):
    """A wanted state (a version in an environment, by a strategy) and what the bridge observed of
    it.
    """

    _name = "mlops.deployment"
    _description = "MLOps deployment"
    _inherit = ["mlops.guarded"]
    _order = "id desc"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    model_id = fields.Many2one(
        "mlops.model", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    environment_id = fields.Many2one(
        "mlops.environment", required=True, readonly=True, index=True, ondelete="restrict"
    )
    environment_kind = fields.Selection(related="environment_id.kind", store=True)
    approval_id = fields.Many2one(
        "mlops.approval", required=True, readonly=True, ondelete="restrict"
    )
    strategy = fields.Selection(STRATEGIES, required=True, readonly=True)
    steps = fields.Json(
        readonly=True,
        help="The canary as it was when it was approved; empty: the strategy's own steps",
    )
    signal_users = fields.Json(
        readonly=True, help="Index of a step → the user whose access rights apply to its metric"
    )
    paused_at = fields.Datetime(readonly=True, help="Paused since then")
    approved_step = fields.Integer(
        required=True, readonly=True, default=-1, help="The last step that was approved"
    )
    skip_to = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        help="Steps before this one were skipped",
    )
    generation = fields.Integer(
        required=True, readonly=True, default=1, help="Rises with each change of the desired state"
    )
    desired = fields.Selection(DESIRED, required=True, readonly=True, default="serving")
    phase = fields.Selection(PHASES, required=True, readonly=True, default="Pending")
    reason = fields.Text(readonly=True)
    reason_code = fields.Char(readonly=True, copy=False)
    conditions = fields.Json(readonly=True)
    observed = fields.Json(readonly=True)
    observed_generation = fields.Integer(readonly=True)
    progress = fields.Json(
        readonly=True,
        help="The step that the rollout is at: never read from the cluster",
    )
    endpoint_url = fields.Char(readonly=True)
    preview_url = fields.Char(readonly=True)
    deadline_at = fields.Datetime(readonly=True)
    keep_until = fields.Datetime(readonly=True, help="When a kept deployment is removed")
    ready_at = fields.Datetime(readonly=True)
    is_live = fields.Boolean(readonly=True, help="The environment's endpoint serves it")
    requested_by_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    previous_deployment_id = fields.Many2one("mlops.deployment", readonly=True, ondelete="restrict")
    lock_version = fields.Integer(required=True, readonly=True, default=1)

    _one_live = models.UniqueIndex(
        "(environment_id, model_id) WHERE is_live",
        "One deployment of a model is live in an environment.",
    )
    _one_in_flight = models.UniqueIndex(
        "(environment_id, model_id) WHERE desired = 'serving' AND phase IN ('Pending', "
        "'Building', 'Progressing') AND NOT is_live",
        "Another version of the model is being deployed to this environment.",
    )
    _open_idx = models.Index("(deadline_at) WHERE desired <> 'removed'")
    _live_means_serving = models.Constraint(
        "CHECK (is_live IS NOT TRUE OR desired = 'serving')",
        "What is live has the desired state serving.",
    )
    _live_known = models.Constraint("CHECK (is_live IS NOT NULL)", "Say whether it is live.")
    _has_deadline = models.Constraint(
        "CHECK (deadline_at IS NOT NULL OR is_live OR desired <> 'serving' OR phase NOT IN "
        "('Pending', 'Building', 'Progressing'))",
        "Nothing waits without a deadline.",
    )

    @api.depends("version_id.name", "model_id.name", "environment_id.name")
    def _compute_display_name(self):
        for one in self:
            one.display_name = (
                f"{one.model_id.name} {one.version_id.name} ({one.environment_id.name})"
            )

    @api.model
    def _known(self, deployment_id):
        """The deployment as superuser, or MissingError."""
        deployment = self.sudo().search([("id", "=", int(deployment_id))])
        if not deployment:
            raise MissingError(self.env._("There is no deployment %s.", deployment_id))
        return deployment

    def _want(self, desired, **values):
        """Change what is wanted: the generation rises, and the cluster is told by a `reconcile`
        command.
        """
        for one in self:
            keyed(one).write(
                {
                    **values,
                    "desired": desired,
                    "generation": one.generation + 1,
                    "lock_version": one.lock_version + 1,
                }
            )
            one._order_reconcile()

    def _order_reconcile(self):
        self.ensure_one()
        self.env["mlops.event"]._emit(
            "command",
            {"deploymentId": self.id, "desired": self.desired, **self._urgent_work()},
            command="reconcile",
            key=f"deployment:{self.id}",
            generation=self.generation,
            **self._about(),
        )

    def _urgent_work(self):
        """What is wanted, in the order itself, where a person waits for the traffic to come back: a
        bridge that has it at once asks no more.
        """
        back = self.approval_id.is_rollback and self.desired == "serving" and not self.is_live
        if not (back or (self.desired == "removed" and self.phase == "Failed")):
            return {}
        work = self._work()
        self.env.cr.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return {"work": work, "workAt": self.env.cr.fetchone()[0]}

    def _about(self):
        """The columns of an event about this deployment."""
        one = self.sudo()
        return {
            "company_id": one.company_id,
            "team_id": one.team_id,
            "model_id": one.model_id,
            "version_id": one.version_id,
            "deployment_id": one,
        }
