from odoo import models

from ...domain.actions import VERSION_ACTIONS
from ..mixins.action_buttons import button_methods

MEBIBYTE = 1024 * 1024


def _seen(version, _action):
    return {"seen": version.lock_version}


class VersionButtons(models.Model):
    """What the buttons of the form call: a method for each row of the table of actions."""

    _inherit = "mlops.model.version"

    vars().update(button_methods(VERSION_ACTIONS, "mlops.decision", _seen))

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
