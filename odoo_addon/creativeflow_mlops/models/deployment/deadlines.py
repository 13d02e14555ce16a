from odoo import fields, models

from ...domain.sentence import coded
from ..mixins.protected_fields import keyed


class DeploymentDeadlines(models.Model):
    _inherit = "mlops.deployment"

    def _end_wait(self):
        version = self.version_id._locked()
        if version.image_digest:
            seconds = self._ready_seconds()
            reason = coded(
                "ReadyDeadline", self.env._("ReadyDeadline: not ready within %s seconds.", seconds)
            )
            if self.reason:
                seen = self.env._("Last seen: %s", self.reason)
                reason = coded(reason.code, f"{reason} {seen}")
        else:
            reason = coded(
                "BuildDeadline",
                self.env._(
                    "BuildDeadline: the image was not built within %s seconds.",
                    version._build_seconds(),
                ),
            )
            keyed(version).write(
                {
                    "build_state": "failed",
                    "build_reason": reason,
                    "build_finished_at": fields.Datetime.now(),
                }
            )
        self._fail(reason)

    def _end_pause(self):
        self.version_id._locked()
        self._fail(
            coded(
                "PausedTooLong",
                self.env._(
                    "PausedTooLong: paused for more than %s hours and not resumed.",
                    self.version_id._pause_hours(),
                ),
            )
        )

    def _end_keeping(self):
        """Kept long enough, unless it is being brought back just now."""
        if not self._in_flight(self.environment_id, self.model_id):
            self._want("removed", keep_until=False)
