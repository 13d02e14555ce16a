from odoo import api, fields, models


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
