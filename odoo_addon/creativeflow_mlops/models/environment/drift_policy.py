from odoo import fields, models

POLICIES = [("tell", "Report only"), ("put-back", "Report and restore")]


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
