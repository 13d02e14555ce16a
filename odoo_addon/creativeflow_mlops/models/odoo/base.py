from odoo import models

from ...domain.record_ids import whole_id


class Base(models.AbstractModel):
    _inherit = "base"

    def _nameable_ids(self, ids):
        """Those of the ids whose records the user may read, in one of the companies chosen now."""
        if not self.has_access("read"):
            return set()
        wanted = [one for one in ids if whole_id(one)]
        companies = self.env.companies
        found = self.with_context(active_test=False).search([("id", "in", wanted)])
        return {
            one.id
            for one in found.sudo()
            if any(not one._apart_from(company) for company in companies)
        }

    def _apart_from(self, company):
        """Whether this record belongs to other companies than this one."""
        if self._name == "res.company":
            return self != company
        if self._name == "res.users":
            return company not in self.company_ids
        owner = self.company_id if "company_id" in self._fields else None
        return bool(owner) and owner != company
