from odoo import api, fields, models

from ...domain.action_checks import ROLE_NEEDED
from ...domain.actions import VERSION_ACTIONS
from ...domain.rollout_ends import was_ended_by_a_person
from ..mixins.action_buttons import button_fields


class VersionScreen(models.Model):
    """What the version's own screens add: which buttons are shown, why one is not, counts, and the
    lists behind them.
    """

    _inherit = "mlops.model.version"

    vars().update(button_fields(VERSION_ACTIONS, "_compute_buttons"))
    is_aborted = fields.Boolean(
        "Aborted", compute="_compute_is_aborted", help="Its rollout was aborted or superseded"
    )
    refusal = fields.Char(compute="_compute_buttons", help="Why you cannot take the next step now")
    scan_id = fields.Many2one("mlops.scan", string="Newest scan", compute="_compute_scan")
    current_finding_ids = fields.Many2many(
        "mlops.finding", string="Findings of the newest scan", compute="_compute_scan"
    )
    event_ids = fields.One2many("mlops.event", "version_id", readonly=True)
    finding_count = fields.Integer("Findings", compute="_compute_scan")
    deployment_count = fields.Integer("Deployments", compute="_compute_counts")
    endpoint_count = fields.Integer("Endpoints", compute="_compute_counts")

    @api.depends("status", "lock_version", "build_state", "deployment_ids.phase")
    @api.depends_context("uid", "lang")
    def _compute_buttons(self):
        for version in self:
            actions = {one["name"]: one for one in version.allowed_actions or []}
            for one in VERSION_ACTIONS:
                version[one.field] = bool(actions.get(one.name, {}).get("allowed"))
            # a person without the role is not told what others may do
            version.refusal = next(
                (
                    actions[one.name]["reason"]
                    for one in VERSION_ACTIONS
                    if one.advances
                    and actions.get(one.name, {}).get("reason")
                    and actions[one.name]["code"] != ROLE_NEEDED
                ),
                False,
            )

    @api.depends("status", "status_reason_code")
    def _compute_is_aborted(self):
        for version in self:
            version.is_aborted = version.status in (
                "ProdFailed",
                "StagingFailed",
            ) and was_ended_by_a_person(version.status_reason_code)

    @api.depends("scan_ids.generation")
    def _compute_scan(self):
        for version in self:
            version.scan_id = version._newest_scan()
            version.current_finding_ids = version.scan_id.finding_ids
            version.finding_count = len(version.current_finding_ids)

    @api.depends("deployment_ids", "model_id.endpoint_ids")
    def _compute_counts(self):
        for version in self:
            version.deployment_count = len(version.deployment_ids)
            version.endpoint_count = len(version.model_id.endpoint_ids)

    def _expand_status(self, values, _domain):
        """The columns of the kanban: the stops of the good road always, the others when there is
        something in them.
        """
        road = (
            "Validating",
            "Validated",
            "PendingStagingDeployment",
            "Staging",
            "PendingProdDeployment",
            "Live",
        )
        return [
            name
            for name, _label in self._fields["status"].selection
            if name in road or name in values
        ]

    def action_view_findings(self):
        self.check_access("read")
        return self._view_list(
            self.env._("Findings"), "mlops.finding", [("id", "in", self.current_finding_ids.ids)]
        )

    def action_view_deployments(self):
        self.check_access("read")
        return self._view_list(
            self.env._("Deployments"), "mlops.deployment", [("version_id", "=", self.id)]
        )

    def action_view_endpoints(self):
        self.check_access("read")
        return self._view_list(
            self.env._("Endpoints"), "mlops.endpoint", [("model_id", "=", self.model_id.id)]
        )

    def _view_list(self, name, model, domain):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": domain,
        }
