from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .iso_time import iso
from .transitions import STATUS_NAMES

ORDERS = {"recent": SQL("version.status_changed_at DESC NULLS LAST, model.id DESC"), "name": SQL("lower(model.name), model.id")}


class ModelPages(models.Model):
    _inherit = "mlops.model"

    @api.model
    def list_page(self, search="", status=None, offset=0, limit=50, order="recent"):
        """`{total, items, counts}` of the models that the user may see, by their newest version.

        Two queries whatever the number of versions: the row of the newest version carries its road. `counts` are of the
        search without the status filter.
        """
        status = status if status in STATUS_NAMES else None
        visible = self._search(self._search_domain(search))
        counted = self.env.execute_query(SQL(
            "SELECT version.status, count(*) FROM mlops_model model JOIN mlops_model_version version ON version.id = model.newest_version_id"
            " WHERE model.id IN %s GROUP BY version.status", visible.subselect(),
        ))
        counts = dict(counted)
        total = counts.get(status, 0) if status else sum(counts.values())
        rows = self.env.execute_query_dict(SQL(
            "SELECT model.id, version.id AS newest FROM mlops_model model"
            " JOIN mlops_model_version version ON version.id = model.newest_version_id"
            " WHERE model.id IN %s AND %s ORDER BY %s LIMIT %s OFFSET %s",
            visible.subselect(), SQL("version.status = %s", status) if status else SQL("TRUE"),
            ORDERS.get(order, ORDERS["recent"]), max(1, min(int(limit), 200)), max(0, int(offset)),
        ))
        roles = set(self._roles())
        production_eyes = self._four_eyes("production")
        staging_eyes = self._four_eyes("staging")
        models_shown = self.sudo().browse([row["id"] for row in rows])
        return {
            "total": total, "counts": counts,
            "items": [one._row(roles, {"Validated": staging_eyes, "Staging": production_eyes}) for one in models_shown],
        }

    @api.model
    def _search_domain(self, search):
        words = (search or "").split()
        return Domain.AND([
            Domain("name", "ilike", word) | Domain("slug", "ilike", word) | Domain("newest_version_id.name", "ilike", word) for word in words
        ]) if words else Domain.TRUE

    @api.model
    def _four_eyes(self, kind):
        """Ids of the companies whose environment of this kind wants a second person."""
        environments = self.env["mlops.environment"].sudo().search([("kind", "=", kind), ("four_eyes", "=", True)])
        return set(environments.company_id.ids)

    def _row(self, roles, four_eyes):
        newest, live = self.newest_version_id, self.live_version_id
        return {
            "id": self.id, "name": self.name, "slug": self.slug, "team": self.team_id.name or None,
            "liveVersion": {"id": live.id, "name": live.name} if live else None,
            "newest": newest._row() if newest else None, "needsMe": bool(newest) and newest._needs(roles, four_eyes),
        }

    @api.model
    def detail(self, model_id):
        """ModelDetail of the wire contract: the newest 200 versions, and the endpoints."""
        model = self._visible(model_id).sudo()
        versions = self.env["mlops.model.version"].sudo().search([("model_id", "=", model.id)], limit=200)
        live = model.live_version_id
        return {
            "id": model.id, "name": model.name, "slug": model.slug, "description": model.description or None,
            "team": model.team_id.name or None, "liveVersion": {"id": live.id, "name": live.name} if live else None,
            "versions": [version._row() for version in versions], "endpoints": [endpoint._view() for endpoint in model.endpoint_ids],
        }


class VersionRow(models.Model):
    _inherit = "mlops.model.version"

    def _row(self):
        return {
            "id": self.id, "name": self.name, "status": self.status, "statusReason": self.status_reason or None,
            "submitter": self.submitter_id.name, "changedAt": iso(self.status_changed_at), "road": self.road or [],
        }

    def _needs(self, roles, four_eyes):
        """Whether the current user is whom the version waits for."""
        mine = self.submitter_id.id == self.env.uid
        if self.status in four_eyes:
            return "approver" in roles and not (mine and self.company_id.id in four_eyes[self.status])
        return mine and self.status in ("ValidationFailed", "StagingFailed", "ProdFailed")
