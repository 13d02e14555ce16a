from odoo import fields, models

SERVICE_GROUPS = ("creativeflow_mlops.group_endpoint_reader", "creativeflow_mlops.group_requester")
# is_mail_thread: Odoo sorts the list by it
SHOWN = frozenset({"id", "display_name", "name", "model", "modules", "is_mail_thread"})


class IrModel(models.Model):
    """Node "Odoo" of n8n lists the models from which a person chooses: a workflow's account sees
    its own, by name alone.
    """

    _inherit = "ir.model"

    modules = fields.Char(compute_sudo=True)

    def _has_field_access(self, field, operation):
        if not self.env.su and field.name not in SHOWN and self._is_for_workflows():
            return False
        return super()._has_field_access(field, operation)

    def _is_for_workflows(self):
        user = self.env.user
        return any(user.has_group(group) for group in SERVICE_GROUPS) and not user.has_group(
            "base.group_erp_manager"
        )
