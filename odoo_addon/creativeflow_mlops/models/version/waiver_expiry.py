from odoo import models

from ...domain.sentence import coded
from ..mixins.protected_fields import keyed


class WaiverExpiry(models.Model):
    _inherit = "mlops.waiver"

    def _expire(self):
        """From now on the finding stands again: a version that waits goes back, one that runs asks
        its owner.
        """
        keyed(self).write({"state": "expired"})
        version = self.version_id._locked()
        self.env["mlops.event"]._emit(
            "version.waiver",
            {
                "state": "expired",
                "by": self.env.user.sudo().name,
                "comment": None,
                "lockVersion": version.lock_version,
            },
            **version._about(),
        )
        if version.status == "Validated" and version._unwaived():
            version._move(
                "waiver_expired",
                coded(
                    "WaiverExpired",
                    self.env._(
                        "WaiverExpired: the waiver for %(rule)s in %(file)s has expired.",
                        rule=self.rule,
                        file=self.file,
                    ),
                ),
            )
        elif version.status not in ("ValidationFailed", "Archived", "Superseded"):
            version._ask_owner(self.env._("The waiver of %s expired", self.rule))
