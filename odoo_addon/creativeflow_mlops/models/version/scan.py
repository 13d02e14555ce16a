from odoo import fields, models

VERDICTS = [("pass", "Pass"), ("review", "Review"), ("block", "Block")]


class Scan(models.Model):
    """What one scan of a version said. One for each generation that was scanned."""

    _name = "mlops.scan"
    _description = "MLOps scan"
    _inherit = ["mlops.guarded"]
    _order = "id desc"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    generation = fields.Integer(required=True, readonly=True)
    verdict = fields.Selection(VERDICTS, required=True, readonly=True)
    ruleset_version = fields.Char(readonly=True)
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    report_key = fields.Char(readonly=True)
    details = fields.Json(readonly=True)
    finding_ids = fields.One2many("mlops.finding", "scan_id", readonly=True)

    _generation_unique = models.Constraint(
        "UNIQUE (version_id, generation, ruleset_version)",
        "A generation is scanned once under the same rules.",
    )
