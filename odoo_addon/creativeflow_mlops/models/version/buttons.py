from odoo import models

MEBIBYTE = 1024 * 1024


class VersionButtons(models.Model):
    """What the buttons of the form call."""

    _inherit = "mlops.model.version"

    def action_deploy(self):
        return self.env["mlops.decision"]._open(self, "deploy")

    def action_promote(self):
        return self.env["mlops.decision"]._open(self, "promote")

    def action_reject(self):
        return self.env["mlops.decision"]._open(self, "reject")

    def action_rollback(self):
        return self.env["mlops.decision"]._open(self, "rollback")

    def action_request_waiver(self):
        return self.env["mlops.decision"]._open(self, "request-waiver")

    def action_accept_waiver(self):
        return self.env["mlops.decision"]._open(self, "accept-waiver")

    def action_refuse_waiver(self):
        return self.env["mlops.decision"]._open(self, "refuse-waiver")

    def action_rescan(self):
        self.rescan(self.id, seen=self.lock_version)

    def action_archive_version(self):
        self.archive_version(self.id, seen=self.lock_version)

    def _described(self):
        """This version as `comparison` wants it."""
        model_file = self.artifact_ids.filtered(lambda one: one.kind == "model")[:1]
        return {
            "version": self.name,
            "digest": (model_file.digest or "").removeprefix("sha256:")[:12],
            "framework": self.framework,
            "bytes": f"{sum(self.artifact_ids.mapped('size')) / MEBIBYTE:.1f} MiB",
            "params": self.params,
            "metrics": self.metrics,
            "serving": self.serving,
        }
