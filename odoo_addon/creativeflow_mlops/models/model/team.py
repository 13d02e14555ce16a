from odoo import api, fields, models

from ..events.rights_feed import tell_rights


class Team(models.Model):
    """People who share models. A model with a team is seen by its members and the company's
    managers only.
    """

    _name = "mlops.team"
    _description = "MLOps team"
    _inherit = ["mlops.placed"]
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    member_ids = fields.Many2many("res.users", string="Members")

    _name_unique = models.Constraint(
        "UNIQUE (company_id, name)", "The company has a team of this name already."
    )

    def init(self):
        result = super().init()
        tell_rights(self.env.cr)
        return result

    @api.model
    def _named(self, team):
        """The user's team by id or by name, None: no team asked for; an empty recordset: none that
        the user may use.
        """
        if team in (None, False, ""):
            return None
        by_id = isinstance(team, int) or str(team).isdigit()
        domain = [("id", "=", int(team))] if by_id else [("name", "=ilike", str(team).strip())]
        domain.append(("company_id", "in", self.env.companies.ids))
        if not self.env.user.has_group("creativeflow_mlops.group_manager"):
            domain.append(("member_ids", "in", self.env.uid))
        return self.sudo().search(domain, limit=1)
