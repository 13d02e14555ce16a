from odoo import api, fields, models
from odoo.tools.misc import formatLang

from ..mixins.big_integer import BigInteger
from .scan import VERDICTS

SEVERITIES = [
    ("info", "Info"),
    ("low", "Low"),
    ("medium", "Medium"),
    ("high", "High"),
    ("critical", "Critical"),
]


class Finding(models.Model):
    """One thing that a scan found: which rule, where, why it matters, what to do."""

    _name = "mlops.finding"
    _description = "MLOps finding"
    _inherit = ["mlops.guarded"]
    _rec_name = "rule"
    _order = "scan_id desc, id"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    scan_id = fields.Many2one(
        "mlops.scan", required=True, readonly=True, index=True, ondelete="restrict"
    )
    rule = fields.Char(required=True, readonly=True)
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    verdict = fields.Selection(VERDICTS, required=True, readonly=True)
    file = fields.Char(readonly=True)
    offset = BigInteger(readonly=True, help="Bytes from the start of the file")
    line = fields.Integer(readonly=True)
    column = fields.Integer(readonly=True)
    symbol = fields.Char(readonly=True)
    evidence = fields.Text(readonly=True)
    why = fields.Text(readonly=True)
    remedy = fields.Text(readonly=True)
    place = fields.Char(
        "Where",
        compute="_compute_place",
        help="The byte or the line of the file; empty where it is about the whole file",
    )

    @api.depends("offset", "line")
    @api.depends_context("lang")
    def _compute_place(self):
        for finding in self:
            if finding.line:
                finding.place = self.env._("line %s", formatLang(self.env, finding.line, digits=0))
            else:
                finding.place = (
                    self.env._("byte %s", formatLang(self.env, finding.offset, digits=0))
                    if finding.offset
                    else False
                )
