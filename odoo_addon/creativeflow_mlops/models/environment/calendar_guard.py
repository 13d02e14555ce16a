from odoo import models
from odoo.exceptions import UserError

from .policy_key import may_alone

# What may change of a calendar that says when production is open: nothing that moves an hour.
LABELS = frozenset({"name", "company_id"})


class Calendar(models.Model):
    """The hours that open production are its policy: they are changed by asking for another
    calendar there.
    """

    _inherit = "resource.calendar"

    def write(self, vals):
        if vals.keys() - LABELS:
            self._refuse_if_production_opens()
        return super().write(vals)

    def _refuse_if_production_opens(self):
        if may_alone(self.env) or not self.ids:
            return
        places = self.env["mlops.environment"].sudo().with_context(active_test=False)
        one = places.search(
            [("open_calendar_id", "in", self.ids), ("kind", "=", "production")], limit=1
        )
        if one:
            raise UserError(
                self.env._(
                    "“%(calendar)s” says when %(environment)s is open. Make another calendar, "
                    "and ask for it as the open hours.",
                    calendar=one.open_calendar_id.name,
                    environment=one.name,
                )
            )
