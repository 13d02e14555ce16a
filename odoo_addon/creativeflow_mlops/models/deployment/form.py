from odoo import api, fields, models

from ...domain.actions import ROLLOUT_ACTIONS, rollout_actions
from ...domain.analysis_rows import judging, with_signals
from ...domain.rollout_ends import was_ended_by_a_person
from ...domain.rollout_steps import followed_steps
from ...domain.step_words import would_happen
from ...wording import translated
from ..mixins.action_buttons import button_fields, button_methods


def _seen(deployment, action):
    return {"step": deployment.current_step} if action.has_step else {}


class RolloutScreen(models.Model):
    """What the screens of a deployment add: the rollout step by step, and what this person may say
    to it.
    """

    _inherit = "mlops.deployment"

    rollout = fields.Json(
        compute="_compute_rollout",
        help="Steps with what is done, now and next, the weight, the judgements",
    )
    vars().update(button_fields(ROLLOUT_ACTIONS, "_compute_steering"))
    vars().update(button_methods(ROLLOUT_ACTIONS, "mlops.steering", _seen))
    current_step = fields.Integer(compute="_compute_steering")
    is_aborted = fields.Boolean("Aborted", compute="_compute_is_aborted")

    @api.depends("phase", "reason")
    def _compute_is_aborted(self):
        for deployment in self:
            deployment.is_aborted = deployment.phase == "Failed" and was_ended_by_a_person(
                deployment.reason_code
            )

    @api.depends(
        "observed",
        "steps",
        "strategy",
        "phase",
        "reason",
        "desired",
        "paused_at",
        "skip_to",
        "is_live",
    )
    @api.depends_context("lang")
    def _compute_rollout(self):
        for deployment in self:
            one = deployment.sudo()
            seen = (one.observed or {}).get("rollout") or {}
            before, replicas = (
                one.previous_deployment_id.version_id.name or None,
                (one.version_id.serving or {}).get("replicas") or 1,
            )
            steps = seen.get("steps") or followed_steps(
                one.strategy, one.steps, replicas, not before
            )
            now = len(steps) if one.is_live else seen.get("step", -1)
            deployment.rollout = {
                "steps": [
                    {
                        "index": index,
                        "kind": steps[index].get("kind"),
                        "words": translated(self.env, words),
                        "state": "now" if index == now else "next" if index > now else "done",
                    }
                    for index, words in enumerate(
                        would_happen(steps, replicas, one.version_id.name, before)
                    )
                ],
                "weight": one._weight(seen),
                "waitingFor": "pause" if one.paused_at else seen.get("waitingFor"),
                "until": None if one.paused_at else seen.get("until"),
                "next": seen.get("next"),
                "judgements": with_signals(seen.get("judgements"), steps),
                "judging": judging(seen, steps) if not one._ended() else None,
                "now": one.version_id.name,
                "before": before,
                "ended": one._ended(),
            }

    def _ended(self):
        """How it ended, when nothing of it serves or is on its way any more."""
        if was_ended_by_a_person(self.reason_code) and self.phase == "Failed":
            return "Aborted"
        if self.phase in ("Failed", "Superseded", "Removed"):
            return self.phase
        return None if self.desired == "serving" else "Removed"

    def _weight(self, seen):
        """Percent of the traffic that it has now; what was seen last is not what is, once it has
        ended.
        """
        if self.is_live:
            return 100
        return 0 if self._ended() else seen.get("weight", 0)

    @api.depends(
        "observed",
        "steps",
        "phase",
        "paused_at",
        "approved_step",
        "skip_to",
        "desired",
        "is_live",
        "version_id.status",
    )
    @api.depends_context("uid")
    def _compute_steering(self):
        for deployment in self:
            facts = deployment.sudo()._steering_facts() if deployment.id else None
            allowed = {one["name"] for one in rollout_actions(facts) if one["allowed"]}
            deployment.current_step = facts["step"] if facts and facts["step"] is not None else -1
            for one in ROLLOUT_ACTIONS:
                deployment[one.field] = one.name in allowed
