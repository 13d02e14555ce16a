from odoo import models


class GuardedPlaced(models.AbstractModel):
    _name = "mlops.guarded"
    _inherit = ["mlops.guarded", "mlops.placed"]
