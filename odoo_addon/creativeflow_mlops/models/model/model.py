from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...domain.slug import SLUG_SQL, numbered, slugify
from ..mixins.protected_fields import keyed


class Model(models.Model):
    """A name under which versions are registered; one endpoint an environment serves it."""

    _name = "mlops.model"
    _description = "MLOps model"
    _inherit = ["mlops.guarded", "mail.thread"]
    _mail_post_access = "read"
    _order = "name"
    _open_fields = frozenset({"description", "team_id"})
    _movable_fields = frozenset({"team_id"})

    name = fields.Char(required=True, readonly=True)
    slug = fields.Char(
        required=True,
        readonly=True,
        help="Names the model in URLs and in the cluster; never changes",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    team_id = fields.Many2one(
        "mlops.team",
        ondelete="restrict",
        index="btree_not_null",
        help="Empty: the whole company sees it",
    )
    description = fields.Text()
    version_ids = fields.One2many("mlops.model.version", "model_id", readonly=True)
    live_version_id = fields.Many2one("mlops.model.version", readonly=True, index="btree_not_null")
    newest_version_id = fields.Many2one(
        "mlops.model.version", readonly=True, index="btree_not_null"
    )
    newest_status = fields.Selection(related="newest_version_id.status", string="Newest status")
    newest_road = fields.Json(related="newest_version_id.road", string="Pipeline of the newest")
    endpoint_ids = fields.One2many("mlops.endpoint", "model_id", readonly=True)

    _name_unique = models.Constraint(
        "UNIQUE (company_id, name)", "The company has a model of this name already."
    )
    _slug_unique = models.Constraint("UNIQUE (slug)", "The slug is taken.")
    _slug_form = models.Constraint(
        f"CHECK (slug ~ '{SLUG_SQL}')",
        "A slug has up to 40 characters: a-z, 0-9 and dashes, a letter first.",
    )

    @api.constrains("team_id", "company_id")
    def _check_team_company(self):
        for model in self:
            if model.team_id and model.team_id.company_id != model.company_id:
                raise ValidationError(self.env._("The team must be of the model's company."))

    @api.model
    def _free_slug(self, name):
        """A slug for this name that no model has. Two at once may get the same: the unique
        constraint decides.
        """
        base = slugify(name)
        slug, number = base, 1
        everything = self.sudo()
        while everything.search_count([("slug", "=", slug)], limit=1):
            number += 1
            slug = numbered(base, number)
        return slug

    def _refresh_pointers(self):
        """Which version is live and which is the newest (an archived one only when there is no
        other).
        """
        for model in self.sudo():
            versions = self.env["mlops.model.version"].sudo()
            newest = versions.search(
                [("model_id", "=", model.id), ("status", "!=", "Archived")],
                order="id desc",
                limit=1,
            )
            newest = newest or versions.search(
                [("model_id", "=", model.id)], order="id desc", limit=1
            )
            live = versions.search([("model_id", "=", model.id), ("status", "=", "Live")], limit=1)
            wanted = {"live_version_id": live.id, "newest_version_id": newest.id}
            if (model.live_version_id, model.newest_version_id) != (live, newest):
                keyed(model).write(wanted)
