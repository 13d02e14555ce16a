from odoo import fields, models

STATES = [
    ("requested", "Requested"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("expired", "Expired"),
]
OPEN = ("requested", "accepted")


class Waiver(models.Model):
    """A finding that a second person accepts for one digest until a date. It counts in each version
    of the model with that file.
    """

    _name = "mlops.waiver"
    _description = "MLOps waiver"
    _inherit = ["mlops.guarded"]
    _rec_name = "rule"
    _order = "id desc"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    finding_id = fields.Many2one("mlops.finding", readonly=True, ondelete="restrict")
    rule = fields.Char(required=True, readonly=True)
    file = fields.Char(required=True, readonly=True, help="The uploaded file, or the place in it")
    symbol = fields.Char(readonly=True)
    digest = fields.Char(required=True, readonly=True)
    requested_by_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    accepted_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    submitter_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    comment = fields.Text(readonly=True)
    reason = fields.Text(required=True, readonly=True)
    expires_on = fields.Date(required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="requested")

    _second_person = models.Constraint(
        "CHECK (state <> 'accepted' OR (accepted_by_id IS NOT NULL AND accepted_by_id <> "
        "requested_by_id AND accepted_by_id <> submitter_id))",
        "A waiver is accepted by a second person.",
    )

    def _view(self):
        return {
            "id": self.id,
            "state": self.state,
            "reason": self.reason,
            "requestedBy": self.requested_by_id.name,
            "decidedBy": self.accepted_by_id.name or None,
            "comment": self.comment or None,
            "expiresOn": self.expires_on.isoformat(),
        }
