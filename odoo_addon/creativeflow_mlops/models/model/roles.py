from odoo import api, models
from odoo.exceptions import AccessError

from ...domain.iso_time import iso

ROLES = (
    "viewer",
    "data_scientist",
    "approver",
    "manager",
    "bridge",
    "endpoint_reader",
    "requester",
)
PREFIX = "creativeflow_mlops.group_"
WANTED = {
    "viewer": "Viewer",
    "data_scientist": "Data scientist",
    "approver": "Approver",
    "manager": "Manager",
    "bridge": "Bridge",
}


class ModelWhoami(models.Model):
    _inherit = "mlops.model"

    @api.model
    def whoami(self):
        """Who calls, with which roles, for which companies and teams (a manager: all teams of the
        companies).
        """
        user = self.env.user
        roles = self._roles()
        domain = [("company_id", "in", self.env.companies.ids)]
        if "manager" not in roles:
            domain.append(("member_ids", "in", user.id))
        return {
            "uid": user.id,
            "name": user.sudo().name,
            "login": user.sudo().login,
            "lang": user.sudo().lang or None,
            "tz": user.sudo().tz or None,
            "roles": list(roles),
            "companyIds": self.env.companies.ids,
            "keyExpires": self._first_key_to_end(),
            "teamIds": self.env["mlops.team"]
            .sudo()
            .with_context(active_test=False)
            .search(domain)
            .ids,
        }

    @api.model
    def _first_key_to_end(self):
        """When the first of the caller's keys ends, as ISO text: whoever remembers this answer for
        a key forgets it then.
        """
        self.env.cr.execute(
            """SELECT min(expiration_date) FROM res_users_apikeys
               WHERE user_id = %s AND expiration_date > now() AT TIME ZONE 'UTC'""",
            [self.env.uid],
        )
        return iso(self.env.cr.fetchone()[0])

    @api.model
    def _roles(self):
        """The caller's roles, in the order of ROLES."""
        return tuple(role for role in ROLES if self.env.user.has_group(PREFIX + role))

    @api.model
    def _require_role(self, *wanted):
        """AccessError unless the caller has one of the roles."""
        if not any(self.env.user.has_group(PREFIX + role) for role in wanted):
            raise AccessError(
                self.env._(
                    "This needs the role %s. Ask an MLOps manager or an administrator for it.",
                    " / ".join(WANTED.get(role, role) for role in wanted),
                )
            )
