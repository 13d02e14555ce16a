from odoo import api, fields, models
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
                    "“%(calendar)s” says when %(environment)s is open. Make another calendar, and ask for it as the open hours.",
                    calendar=one.open_calendar_id.name,
                    environment=one.name,
                )
            )


class Attendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        made = super().create(vals_list)
        made.calendar_id._refuse_if_production_opens()
        return made

    def write(self, vals):
        self.calendar_id._refuse_if_production_opens()
        result = super().write(vals)
        self.calendar_id._refuse_if_production_opens()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_production_opens(self):
        self.calendar_id._refuse_if_production_opens()


class Leaves(models.Model):
    """A day off more closes production, which anybody who may add one does; a day off less opens
    it.
    """

    _inherit = "resource.calendar.leaves"

    def write(self, vals):
        self._calendars_closed()._refuse_if_production_opens()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_production_opens(self):
        self._calendars_closed()._refuse_if_production_opens()

    def _calendars_closed(self):
        """The calendars in which these days off count, those of the whole company among them."""
        ahead = self.sudo().filtered(
            lambda one: not one.resource_id and one.date_to and one.date_to > fields.Datetime.now()
        )
        everywhere = ahead.filtered(lambda one: not one.calendar_id)
        calendars = ahead.calendar_id
        if everywhere:
            calendars |= (
                self.env["mlops.environment"]
                .sudo()
                .search(
                    [
                        ("company_id", "in", everywhere.company_id.ids),
                        ("open_calendar_id", "!=", False),
                    ]
                )
                .open_calendar_id
            )
        return calendars
