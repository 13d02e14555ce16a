from odoo import fields, models
from odoo.tools import SQL

from ...domain.transitions import STATUSES, TRANSITIONS

ASKED_FROM = {
    "deploy": tuple(TRANSITIONS["deploy"].sources),
    "promote": tuple(TRANSITIONS["promote"].sources),
    "rollback": ("Live",),
}


class VersionCatalogue(models.Model):
    """The versions that a workflow may name in a request: names and status, and nothing of what is
    in them.
    """

    _name = "mlops.version.catalogue"
    _description = "MLOps version catalogue"
    _inherit = ["mlops.placed"]
    _auto = False
    _order = "id desc"
    _rec_names_search = ["name"]
    _depends = {
        "mlops.model": ["name", "slug", "newest_version_id", "live_version_id"],
        "mlops.model.version": ["name", "status", "model_id", "company_id", "team_id"],
    }

    name = fields.Char(readonly=True, help="The model and the version, as a request may name it")
    version_id = fields.Many2one("mlops.model.version", string="Version record", readonly=True)
    model_id = fields.Many2one("mlops.model", string="Model record", readonly=True)
    model = fields.Char(readonly=True, help="The model's name")
    slug = fields.Char(readonly=True, help="The model's name in URLs")
    version = fields.Char(readonly=True)
    status = fields.Selection(STATUSES, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    team_id = fields.Many2one("mlops.team", readonly=True)
    is_newest = fields.Boolean("Newest", readonly=True)
    is_live = fields.Boolean("Live", readonly=True)
    can_deploy = fields.Boolean("May be asked to deploy", readonly=True)
    can_promote = fields.Boolean("May be asked to promote", readonly=True)
    can_roll_back = fields.Boolean("May be asked to roll back", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """SELECT version.id, version.id AS version_id, model.id AS model_id, model.name || ' ' || version.name AS name,
                      model.name AS model, model.slug, version.name AS version, version.status, version.company_id,
                      version.team_id, model.newest_version_id = version.id AS is_newest,
                      COALESCE(model.live_version_id = version.id, false) AS is_live, version.status IN %s AS can_deploy,
                      version.status IN %s AS can_promote, version.status IN %s AS can_roll_back,
                      version.create_uid, version.create_date, version.write_uid, version.write_date
                 FROM mlops_model_version version JOIN mlops_model model ON model.id = version.model_id""",
            ASKED_FROM["deploy"],
            ASKED_FROM["promote"],
            ASKED_FROM["rollback"],
        )
