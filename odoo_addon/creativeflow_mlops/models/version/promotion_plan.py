from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.iso_time import iso
from ...domain.transitions import TRANSITIONS


class VersionPlan(models.Model):
    """A promotion that nobody has decided yet, for the bridge to hold against its cluster."""

    _inherit = "mlops.model.version"

    @api.model
    def promotion_plan(self, version_id, target, strategy):
        """What the bridge must know to say what a promotion would do and whether it fits. For who
        may promote; changes nothing.
        """
        self._check_target(target, "production")
        self.env["mlops.model"]._require_role(*TRANSITIONS["promote"].who)
        version = self._visible(version_id).sudo()
        environment = version._environment(target)
        version._check_strategy(environment, strategy)
        if not version.image_digest:
            raise UserError(self.env._("The image digest is not known: deploy to staging first."))
        deployments, minutes = self.env["mlops.deployment"].sudo(), environment.queue_minutes
        return {
            **deployments._what(version, environment),
            "strategy": strategy,
            "stable": deployments._stable(environment, version.model_id),
            "steps": version._place_policy("production")["steps"] if strategy == "canary" else None,
            "queueUntil": iso(fields.Datetime.now() + timedelta(minutes=minutes))
            if minutes
            else None,
            "queue": [
                one._queued(
                    None
                    if one.with_env(self.env)._seen()
                    else self.env._("A model of another team")
                )
                for one in deployments._waiting(environment)
                if one.model_id != version.model_id
            ]
            if minutes
            else [],
        }

    def _check_strategy(self, environment, strategy):
        judged = environment._judging_policy(self)
        allowed = judged["strategies_allowed"] or []
        if strategy not in allowed:
            raise UserError(
                self.env._(
                    "The strategy %(strategy)s is not allowed for %(environment)s; "
                    "allowed%(since)s: %(allowed)s.",
                    strategy=strategy,
                    environment=environment.name,
                    allowed=", ".join(allowed) or "-",
                    since=self._since_upload(environment, judged, "strategies_allowed"),
                )
            )
