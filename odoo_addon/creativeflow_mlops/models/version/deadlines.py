import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError

from ...domain.sentence import coded
from ..deployment.deployment import IN_FLIGHT

_logger = logging.getLogger(__name__)
SCAN_SECONDS = ("creativeflow_mlops.scan_deadline_seconds", 900)
PAUSE_HOURS = ("creativeflow_mlops.pause_hours", 24)
# How long a version may be Pending while nothing is being deployed for it.
ORPHAN_SECONDS = 300


class VersionDeadlines(models.Model):
    """Nothing waits for ever: each minute the waits whose deadline has passed end with a reason."""

    _inherit = "mlops.model.version"

    @api.model
    def _cron_deadlines(self):
        now = fields.Datetime.now()
        self._end_each(self._overdue_scans(now), lambda version: version._end_scan())
        deployments = self.env["mlops.deployment"].sudo()
        overdue = deployments.search(
            [
                ("desired", "=", "serving"),
                ("is_live", "=", False),
                ("phase", "in", IN_FLIGHT),
                ("deadline_at", "<", now),
                ("paused_at", "=", False),
            ]
        )
        self._end_each(overdue, lambda deployment: deployment._end_wait())
        forgotten = deployments.search(
            [
                ("desired", "=", "serving"),
                ("is_live", "=", False),
                ("phase", "in", IN_FLIGHT),
                ("paused_at", "<", now - timedelta(hours=self._pause_hours())),
            ]
        )
        self._end_each(forgotten, lambda deployment: deployment._end_pause())
        kept = deployments.search([("desired", "=", "kept"), ("keep_until", "<", now)])
        self._end_each(kept, lambda deployment: deployment._end_keeping())
        self._end_each(self._orphans(now), lambda version: version._end_orphan())
        ended = (
            self.env["mlops.waiver"]
            .sudo()
            .search([("state", "=", "accepted"), ("expires_on", "<", now.date())])
        )
        self._end_each(ended, lambda waiver: waiver._expire())
        self.env["mlops.policy.change"]._end_due(now)

    @api.model
    def _pause_hours(self):
        name, default = PAUSE_HOURS
        return int(self.env["ir.config_parameter"].sudo().get_param(name, default))

    @api.model
    def _end_each(self, records, end):
        """End each by itself: one that is locked now, or fails, is tried again in the next minute
        and holds up nobody.
        """
        for record in records:
            try:
                with self.env.cr.savepoint():
                    record.lock_for_update(allow_referencing=True)
                    end(record)
            except LockError:
                _logger.info("%s is busy, its deadline is looked at again", record)

    @api.model
    def _overdue_scans(self, now):
        name, default = SCAN_SECONDS
        seconds = int(self.env["ir.config_parameter"].sudo().get_param(name, default))
        return self.sudo().search(
            [
                ("status", "=", "Validating"),
                ("status_changed_at", "<", now - timedelta(seconds=seconds)),
            ]
        )

    def _end_scan(self):
        name, default = SCAN_SECONDS
        seconds = int(self.env["ir.config_parameter"].sudo().get_param(name, default))
        self._move(
            "validation_failed",
            coded(
                "ScanDeadline",
                self.env._(
                    "ScanDeadline: no result of the scan within %s seconds. Scan again.", seconds
                ),
            ),
        )

    @api.model
    def _orphans(self, now):
        pending = self.sudo().search(
            [
                ("status", "in", ("PendingStagingDeployment", "PendingProdDeployment")),
                ("status_changed_at", "<", now - timedelta(seconds=ORPHAN_SECONDS)),
            ]
        )
        return pending.filtered(
            lambda version: (
                not any(
                    one._is_awaited() and one.phase in IN_FLIGHT for one in version.deployment_ids
                )
            )
        )

    def _end_orphan(self):
        name = "staging_failed" if self.status == "PendingStagingDeployment" else "prod_failed"
        self._move(
            name,
            coded(
                "DeploymentLost",
                self.env._("DeploymentLost: nothing is being deployed for it. Approve it again."),
            ),
        )
