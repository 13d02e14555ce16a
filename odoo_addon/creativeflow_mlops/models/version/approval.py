from odoo import fields, models

DECISIONS = [("approved", "Approved"), ("rejected", "Rejected")]


class Approval(models.Model):
    """Who decided what about which bytes. `submitter_id` and `four_eyes` are copied here so that
    SQL can hold the rule.
    """

    _name = "mlops.approval"
    _description = "MLOps approval"
    _inherit = ["mlops.guarded"]
    _rec_name = "decision"
    _order = "id desc"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    environment_id = fields.Many2one(
        "mlops.environment", readonly=True, ondelete="restrict", help="Empty for a rejection"
    )
    user_id = fields.Many2one(
        "res.users", string="Decided by", required=True, readonly=True, ondelete="restrict"
    )
    submitter_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    four_eyes = fields.Boolean(
        readonly=True, help="The environment wanted a second person when this was decided"
    )
    is_rollback = fields.Boolean(
        readonly=True, help="Brings back what was approved for this environment before"
    )
    decided_at = fields.Datetime(required=True, readonly=True)
    decision = fields.Selection(DECISIONS, required=True, readonly=True)
    comment = fields.Text(readonly=True)
    artifact_digests = fields.Json(readonly=True)
    image_digest = fields.Char(readonly=True)

    _known = models.Constraint(
        "CHECK (four_eyes IS NOT NULL AND is_rollback IS NOT NULL)",
        "Say under which policy it was decided.",
    )
    _four_eyes = models.Constraint(
        "CHECK (decision <> 'approved' OR four_eyes IS FALSE OR is_rollback IS TRUE OR user_id "
        "<> submitter_id)",
        "Another person than the submitter must approve.",
    )
    _where = models.Constraint(
        "CHECK (decision <> 'approved' OR environment_id IS NOT NULL)",
        "An approval is for an environment.",
    )
