from odoo import models


class AccessErrors(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """A record of ours that the user cannot see in any of their companies answers like one that
        does not exist.

        Odoo's own sentence names it, to whoever has switched the developer mode on.
        """
        if isinstance(records, self.env.registry["mlops.placed"]):
            user = self.env.user
            anywhere = records.with_env(self.env(su=False)).with_context(
                allowed_company_ids=user.company_ids.ids
            )
            if records - anywhere._seen():
                return records._no_such()
        return super()._make_access_error(operation, records)
