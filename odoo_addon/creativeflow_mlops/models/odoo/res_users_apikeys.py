from odoo import api, models


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    @api.ondelete(at_uninstall=False)
    def _forget_accepted_keys(self):
        """The old RPC routes remember keys that they accepted; a removed key must stop working
        there as well.
        """
        self.env.registry.clear_cache()
