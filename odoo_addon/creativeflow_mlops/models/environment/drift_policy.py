from odoo import fields, models

POLICIES = [("tell", "Tell it"), ("put-back", "Tell it and put it back")]


class EnvironmentIntegrity(models.Model):
    _inherit = "mlops.environment"

    integrity_policy = fields.Selection(
        POLICIES,
        string="Changed by hand",
        required=True,
        default="put-back",
        tracking=True,
        help="What happens when a revision or its route is not as it was approved. Artifacts and "
        "images are never touched",
    )
