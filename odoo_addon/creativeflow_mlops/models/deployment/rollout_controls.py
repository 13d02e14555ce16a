from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError

from ...domain.actions import ACTIONS, why_not
from ...domain.rollout_ends import ABORTED, OVERTAKEN
from ...domain.sentence import coded
from ...wording import refused
from .deployment import IN_FLIGHT


class RolloutSteering(models.Model):
    """What people say to a rollout that is under way. Each runs as the person: role, visibility,
    locks, state, then the change.

    `of`: the ids of the model and the version that the caller thinks of; a deployment of another is
    not there.
    """

    _inherit = "mlops.deployment"

    @api.model
    def pause(self, deployment_id, reason=None, of=None):
        """Stay where it is: `{status, deploymentId, lockVersion}`. Its deadline waits as well."""
        one = self._steering(deployment_id, "pause-rollout", of)
        return one._steered("pause", reason, paused_at=fields.Datetime.now())

    @api.model
    def resume(self, deployment_id, reason=None, of=None):
        """Go on; the deadline is later by the time that it was paused."""
        one = self._steering(deployment_id, "resume-rollout", of)
        return one._steered("resume", reason, paused_at=False, deadline_at=one._deadline())

    @api.model
    def approve_step(self, deployment_id, step, reason=None, of=None):
        """Let it go on from this step, which waits for a person."""
        one = self._steering(deployment_id, "approve-step", of, int(step))
        return one._steered("approve-step", reason, step=int(step), approved_step=int(step))

    @api.model
    def skip_step(self, deployment_id, step, reason, of=None):
        """Do not wait for, or judge, what this step says."""
        text = self._said(reason)
        one = self._steering(deployment_id, "skip-step", of, int(step))
        return one._steered("skip-step", text, step=int(step), skip_to=int(step) + 1)

    @api.model
    def abort(self, deployment_id, reason, of=None):
        """End it: what served before goes on serving, and gets all traffic back."""
        text = self._said(reason)
        one = self._steering(deployment_id, "abort-rollout", of)
        one._tell_steering("abort", text)
        one._fail(coded(ABORTED, f"{ABORTED} by {self.env.user.sudo().name}: {text}"))
        return one._steering_answer()

    def _make_way(self, version):
        """A newer wish takes its place: it ends as if it had been aborted. Empty: nothing is on its
        way.
        """
        for one in self.sudo():
            one.version_id.with_env(self.env)._locked()
            one._lock_looking_again()
            if one._is_awaited() and one.phase in IN_FLIGHT:
                who = self.env.user.sudo().name
                one._tell_steering("supersede", version.name)
                why = f"{OVERTAKEN}: {who} wants {version.name} instead."
                one._fail(coded(OVERTAKEN, why))
                self.env.flush_all()

    def _lock_looking_again(self):
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._("The rollout is changing just now. Review it, then decide again.")
            ) from error
        self.invalidate_recordset()

    @api.model
    def _said(self, reason):
        text = (reason or "").strip()
        if not text:
            raise UserError(self.env._("Say why: it is kept with the rollout."))
        return text

    @api.model
    def _steering(self, deployment_id, name, of=None, step=None):
        """The deployment as superuser, locked, after everything that can speak against the action
        was asked.
        """
        self.env["mlops.model"]._require_role(*ACTIONS[name].roles)
        visible = self._visible(deployment_id)
        if of and list(of) != [visible.model_id.id, visible.version_id.id]:
            raise self._no_such()
        one = visible.sudo()
        one.version_id.with_env(self.env)._locked()
        one._lock_looking_again()
        why = why_not({**one._steering_facts(), "asked_step": step}, name)
        if why:
            raise refused(self.env, why)
        return one

    def _steering_facts(self):
        """The facts of rollout_actions, for the current user; self is superuser's."""
        rollout = (self.observed or {}).get("rollout") or {}
        steps, step = rollout.get("steps") or self.steps or [], rollout.get("step")
        known = isinstance(step, int) and 0 <= step < len(steps)
        return {
            "deployment_id": self.id,
            "roles": self.env["mlops.model"]._roles(),
            "is_submitter": self.version_id.submitter_id.id == self.env.uid,
            "four_eyes": self.environment_id._judging_policy(self.version_id)["four_eyes"],
            "in_flight": self._is_awaited() and self.phase in IN_FLIGHT,
            "paused": bool(self.paused_at),
            "step": step if known else None,
            "kind": steps[step].get("kind") if known else None,
            "approved_step": self.approved_step,
            "skip_to": self.skip_to,
        }

    def _steered(self, action, reason, step=None, **values):
        self._want("serving", **values)
        self._tell_steering(action, reason, step)
        self._tell_facts()
        return self._steering_answer()

    def _tell_steering(self, action, reason, step=None):
        """The journal and the chatter: who, what, why."""
        reason, who = (reason or "").strip() or None, self.env.user.sudo().name
        self.env["mlops.event"]._emit(
            "rollout.steered",
            {
                "deploymentId": self.id,
                "action": action,
                "step": step,
                "reason": reason,
                "by": who,
                "environmentKind": self.environment_kind,
            },
            **self._about(),
        )
        said = {
            "pause": self.env._("%s paused the rollout.", who),
            "resume": self.env._("%s resumed the rollout.", who),
            "approve-step": self.env._(
                "%(who)s approved step %(step)s of the rollout.", who=who, step=(step or 0) + 1
            ),
            "skip-step": self.env._(
                "%(who)s skipped step %(step)s of the rollout.", who=who, step=(step or 0) + 1
            ),
            "abort": self.env._("%s aborted the rollout.", who),
            "supersede": self.env._("%s superseded it with another version:", who),
        }[action]
        self.version_id._message_log(body=f"{said} {reason}" if reason else said)

    def _steering_answer(self):
        return {**self.version_id._answer(), "deploymentId": self.id}

    def _deadline(self):
        """When it must be ready: later by the time that it is paused now."""
        if not self.paused_at or not self.deadline_at:
            return self.deadline_at
        return self.deadline_at + max(timedelta(), fields.Datetime.now() - self.paused_at)

    def _ready_seconds(self):
        """How long it may take from the image to being live."""
        return self.environment_id._ready_seconds(self.steps)

    def _queue_until(self):
        """Until when it may wait for room: what is left after that is the time that the rollout
        itself needs. None: it does not wait.
        """
        environment, deadline = self.environment_id, self._deadline()
        if not environment.queue_minutes or not deadline or self.is_live:
            return None
        return deadline - timedelta(seconds=self._ready_seconds() - environment.queue_minutes * 60)
