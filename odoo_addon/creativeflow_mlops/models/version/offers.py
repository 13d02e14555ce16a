from odoo import api, fields, models

from ...domain.actions import allowed_actions, rollout_actions
from ...wording import translated


def wire_step(step):
    """A step of a policy as docs/odoo-api.md writes it."""
    return {name: value for name, value in step.items() if name != "signalBy"}


class VersionOffers(models.Model):
    """What a person may do with a version now, and the facts that decide it."""

    _inherit = "mlops.model.version"

    def _rollback_version(self):
        """The rollback target of this live version; empty when there is none."""
        versions = self.browse()
        deployment = self.sudo().deployment_ids.filtered(
            lambda one: one.is_live and one.environment_kind == "production"
        )
        met = deployment
        while deployment.previous_deployment_id and deployment.previous_deployment_id not in met:
            deployment = deployment.previous_deployment_id
            met |= deployment
            if deployment.version_id.status == "Superseded" and deployment.version_id.id != self.id:
                return self.browse(
                    deployment.version_id.id
                )  # by its id: one that was reached through another record is read piece by piece
        return versions

    def _action_facts(self, targets=("staging", "production")):
        """The facts that allowed_actions and why_not want, for the current user; of these
        environments alone.
        """
        version = self.sudo()
        places = {kind: self._place_policy(kind) for kind in targets}
        back = self._rollback_version() if version.status == "Live" else None
        return {
            "status": version.status,
            "roles": self.env["mlops.model"]._roles(),
            "is_submitter": version.submitter_id.id == self.env.uid,
            "waiver": self._waiver_standing(),
            "has_image": bool(version.image_digest),
            "rollback_to": back.sudo().name if back else None,
            **places,
        }

    def _place_policy(self, kind):
        version, environment = self.sudo(), self._environment(kind)
        if not environment:
            return None
        judged = environment._judging_policy(version)
        on_its_way = self.env["mlops.deployment"].sudo()._in_flight(environment, version.model_id)
        return {
            "four_eyes": judged["four_eyes"],
            "strategies": judged["strategies_allowed"],
            "strategy": environment.strategy_default,
            "stricter": judged["four_eyes"] and not environment.four_eyes,
            "in_flight": on_its_way.version_id.name if on_its_way else None,
            "inventory": self._inventory_refusal(environment),
            "closed": environment._closed(fields.Datetime.now()),
            "steps": [wire_step(step) for step in judged["steps"]],
            "own_steps": judged["own_steps"],
        }

    @api.depends_context("uid", "lang")
    def _compute_allowed_actions(self):
        for version in self:
            version.allowed_actions = version._offers() if version.id else []

    def _offers(self):
        offers = allowed_actions(self._action_facts()) + rollout_actions(self._rollout_facts())
        return [{**offer, "reason": translated(self.env, offer["reason"])} for offer in offers]
