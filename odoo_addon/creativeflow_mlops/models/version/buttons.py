from odoo import models

from ...domain.actions import VERSION_ACTIONS

MEBIBYTE = 1024 * 1024


def _button(action):
    """What the button of this action calls: its dialog, or the action itself where it has none."""

    def press(self):
        if action.effect:
            return self.env["mlops.decision"]._open(self, action.name)
        getattr(self, action.method)(self.id, seen=self.lock_version)
        return None

    press.__name__ = action.button
    return press


class VersionButtons(models.Model):
    """What the buttons of the form call: a method for each row of the table of actions."""

    _inherit = "mlops.model.version"

    vars().update({one.button: _button(one) for one in VERSION_ACTIONS})

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
