from odoo import api, models


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
