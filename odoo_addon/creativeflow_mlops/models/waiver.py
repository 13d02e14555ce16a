from odoo import fields, models

STATES = [("requested", "Requested"), ("accepted", "Accepted"), ("refused", "Refused"), ("expired", "Expired")]


class Waiver(models.Model):
    """A finding that a second person accepts for one digest until a date."""

    _name = "mlops.waiver"
    _description = "MLOps waiver"
    _inherit = ["mlops.guarded"]
    _rec_name = "rule"
    _order = "id desc"

    version_id = fields.Many2one("mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    finding_id = fields.Many2one("mlops.finding", readonly=True, ondelete="restrict")
    rule = fields.Char(required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True)
    requested_by_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    accepted_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    reason = fields.Text(required=True, readonly=True)
    expires_on = fields.Date(required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="requested")

    _second_person = models.Constraint(
        "CHECK (state <> 'accepted' OR (accepted_by_id IS NOT NULL AND accepted_by_id <> requested_by_id))",
        "A waiver is accepted by a second person.",
    )
