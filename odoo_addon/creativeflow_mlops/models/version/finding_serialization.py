from odoo import models


class FindingView(models.Model):
    _inherit = "mlops.finding"

    def _view(self):
        return {
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity,
            "verdict": self.verdict,
            "file": self.file or "",
            "offset": self.offset if self.offset or not self.line else None,
            "line": self.line or None,
            "column": self.column or None,
            "symbol": self.symbol or None,
            "evidence": self.evidence or None,
            "why": self.why or "",
            "remedy": self.remedy or "",
        }
