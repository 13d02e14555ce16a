from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...domain.transitions import STATUS_NAMES

NEEDS_SHOWN = 50
FAILED = ("ValidationFailed", "StagingFailed", "ProdFailed")
ORDERS = {
    "recent": SQL("version.status_changed_at DESC NULLS LAST, model.id DESC"),
    "name": SQL("lower(model.name), model.id"),
}


class ModelPages(models.Model):
    _inherit = "mlops.model"

    @api.model
    def list_page(self, search="", status=None, offset=0, limit=50, order="recent"):
        """`{total, items, counts}` of the models that the user may see, by their newest version.

        Two queries whatever the number of versions: the row of the newest version carries its road.
        `counts` are of the search without the status filter.
        """
        status = status if status in STATUS_NAMES else None
        visible = self._search(self._search_domain(search))
        counted = self.env.execute_query(
            SQL(
                "SELECT version.status, count(*) FROM mlops_model model JOIN "
                "mlops_model_version version ON version.id = model.newest_version_id"
                " WHERE model.id IN %s GROUP BY version.status",
                visible.subselect(),
            )
        )
        counts = dict(counted)
        total = counts.get(status, 0) if status else sum(counts.values())
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT model.id, version.id AS newest FROM mlops_model model"
                " JOIN mlops_model_version version ON version.id = model.newest_version_id"
                " WHERE model.id IN %s AND %s ORDER BY %s LIMIT %s OFFSET %s",
                visible.subselect(),
                SQL("version.status = %s", status) if status else SQL("TRUE"),
                ORDERS.get(order, ORDERS["recent"]),
                max(1, min(int(limit), 200)),
                max(0, int(offset)),
            )
        )
        models_shown = self.sudo().browse([row["id"] for row in rows])
        needs_me = self._needs_domain()
        waiting = (
            set(self.search(Domain("id", "in", models_shown.ids) & needs_me).ids)
            if models_shown
            else set()
        )
        first = not (search or "").strip() and not status and int(offset) <= 0
        return {
            "total": total,
            "counts": counts,
            "items": [one._row(one.id in waiting) for one in models_shown],
            "needsMe": self._all_needing(needs_me) if first else None,
        }

    @api.model
    def _all_needing(self, needs_me):
        """`{total, items}`: how many models wait for the current user in all, and the newest
        changes among them.
        """
        visible = self._search(needs_me)
        rows = self.env.execute_query(
            SQL(
                "SELECT model.id, count(*) OVER () FROM mlops_model model"
                " JOIN mlops_model_version version ON version.id = model.newest_version_id"
                " WHERE model.id IN %s ORDER BY %s LIMIT %s",
                visible.subselect(),
                ORDERS["recent"],
                NEEDS_SHOWN,
            )
        )
        shown = self.sudo().browse([row[0] for row in rows])
        return {"total": rows[0][1] if rows else 0, "items": [one._row(True) for one in shown]}

    @api.model
    def _needs_domain(self):
        """Models whose newest version waits for the current user."""
        roles, newest = set(self._roles()), "newest_version_id"
        mine = Domain(f"{newest}.submitter_id", "=", self.env.uid)
        parts = [mine & Domain(f"{newest}.status", "in", FAILED)]
        if "approver" in roles:
            for status, kind in (("Validated", "staging"), ("Staging", "production")):
                own = mine & Domain("company_id", "in", list(self._four_eyes(kind)))
                parts.append(Domain(f"{newest}.status", "=", status) & ~own)
            waivers = (
                self.env["mlops.waiver"]
                .sudo()
                ._search([("state", "=", "requested"), ("requested_by_id", "!=", self.env.uid)])
            )
            parts.append(
                Domain(f"{newest}.status", "=", "ValidationFailed")
                & ~mine
                & Domain(f"{newest}.waiver_ids", "in", waivers)
            )
        return Domain.OR(parts)

    @api.model
    def _search_domain(self, search):
        words = (search or "").split()
        return (
            Domain.AND(
                [
                    Domain("name", "ilike", word)
                    | Domain("slug", "ilike", word)
                    | Domain("newest_version_id.name", "ilike", word)
                    for word in words
                ]
            )
            if words
            else Domain.TRUE
        )

    @api.model
    def _four_eyes(self, kind):
        """Ids of the companies whose environment of this kind wants a second person."""
        environments = (
            self.env["mlops.environment"]
            .sudo()
            .search([("kind", "=", kind), ("four_eyes", "=", True)])
        )
        return set(environments.company_id.ids)

    def _row(self, needs_me):
        newest, live = self.newest_version_id, self.live_version_id
        return {
            "id": self.id,
            "name": self.name,
            "slug": self.slug,
            "team": self.team_id.name or None,
            "liveVersion": {"id": live.id, "name": live.name} if live else None,
            "newest": newest._row() if newest else None,
            "needsMe": needs_me,
        }

    @api.model
    def detail(self, model_id):
        """ModelDetail of the wire contract: the newest 200 versions, and the endpoints."""
        model = self._visible(model_id).sudo()
        versions = (
            self.env["mlops.model.version"].sudo().search([("model_id", "=", model.id)], limit=200)
        )
        live = model.live_version_id
        return {
            "id": model.id,
            "name": model.name,
            "slug": model.slug,
            "description": model.description or None,
            "team": model.team_id.name or None,
            "liveVersion": {"id": live.id, "name": live.name} if live else None,
            "versions": [version._row() for version in versions],
            "endpoints": [endpoint._view() for endpoint in model.endpoint_ids],
        }
