from odoo import api, models
from odoo.exceptions import UserError

from ...domain.actions import ACTIONS, status_refusal, why_not
from ...domain.sentence import coded
from ...domain.transitions import refusal
from ...wording import refused


class VersionDecisions(models.Model):
    """What people decide. Each method runs as the person: role, visibility, lock, `seen`, state,
    policy, then the change.

    `seen`: the lock version that the person saw. `of`: id of the model that the caller thinks of; a
    version of another is not there.
    """

    _inherit = "mlops.model.version"

    @api.model
    def approve_deployment(self, version_id, target, seen=None, comment=None, of=None):
        """Approve for staging: `{status, deploymentId, lockVersion}`. Builds the image first when
        there is none.
        """
        self._check_target(target, "staging")
        version = self._deciding(version_id, "deploy", seen, of)
        environment = version._environment(target)
        return version._deploy("deploy", environment, environment.strategy_default, comment)

    @api.model
    def approve_promotion(
        self, version_id, target, strategy, seen=None, comment=None, steps=None, of=None
    ):
        """Approve for production with a strategy: `{status, deploymentId, lockVersion}`. The image
        is the one that was tested.

        `steps`: a canary of one's own, where the environment allows that.
        """
        self._check_target(target, "production")
        version = self._deciding(version_id, "promote", seen, of)
        environment = version._environment(target)
        version._check_strategy(environment, strategy)
        if steps is not None and strategy != "canary":
            raise UserError(self.env._("Steps are those of a canary; %s has its own.", strategy))
        if steps is not None and not environment._judging_policy(version)["own_steps"]:
            raise UserError(
                self.env._(
                    "%s keeps to its own steps. A manager may allow others in its settings.",
                    environment.name,
                )
            )
        return version._deploy("promote", environment, strategy, comment, steps=steps)

    @api.model
    def reject(self, version_id, reason, seen=None, of=None):
        """Say no to a validated version: `{status, lockVersion}`."""
        version = self._deciding(version_id, "reject", seen, of)
        text = (reason or "").strip()
        if not text:
            raise UserError(self.env._("Say why you reject the version: its submitter reads it."))
        version._close_own_activity(text)
        version._record_approval(None, "rejected", text)
        version._move("reject", coded("Rejected", self.env._("Rejected: %s", text)))
        version._answer_requests("refused", text)
        return version._answer()

    @api.model
    def rescan(self, version_id, seen=None, of=None):
        """Scan the version again: `{status, lockVersion}`."""
        version = self._deciding(version_id, "rescan", seen, of)
        version._move("rescan", generation=version.sudo().generation + 1)
        version._command("scan")
        return version._answer()

    @api.model
    def archive_version(self, version_id, seen=None, of=None):
        """Put a version away: `{status, lockVersion}`. What still runs of it is removed."""
        version = self._deciding(version_id, "archive", seen, of)
        running = version.sudo().deployment_ids.filtered(lambda one: one.desired != "removed")
        version._move("archive", staging_endpoint_url=False)
        running._stop_serving()
        version._answer_requests("refused", self.env._("The version was archived."))
        return version._answer()

    @api.model
    def rollback(self, version_id, target, seen=None, reason=None, of=None):
        """Bring back what served before the live version: `{status, deploymentId, versionId,
        lockVersion}` of what comes back.
        """
        self._check_target(target, "production")
        live = self._deciding(version_id, "rollback", seen, of)
        back = live._rollback_version()
        back._locked()
        why = refusal("rollback", back.sudo().status)
        if why:
            raise refused(self.env, why)
        environment = live._environment(target)
        # what served before is not tried out by little and little; it comes instead of what serves
        # only where it does not fit beside it
        strategy = (
            "blue-green"
            if environment.strategy_default in ("canary", "recreate")
            else environment.strategy_default
        )
        answer = back._deploy("rollback", environment, strategy, reason)
        return {**answer, "versionId": back.id}

    @api.model
    def _check_target(self, target, wanted):
        if target != wanted:
            raise UserError(
                self.env._(
                    "The target of this action is %(wanted)s, not %(target)s.",
                    wanted=wanted,
                    target=target,
                )
            )

    @api.model
    def _deciding(self, version_id, name, seen, of=None):
        """The version, locked, after everything that can speak against the action was asked."""
        action = ACTIONS[name]
        self.env["mlops.model"]._require_role(*action.roles)
        version = self._of_model(version_id, of)._locked(seen)
        facts = version._action_facts((action.target,) if action.target else ())
        why = status_refusal(name, facts["status"]) or why_not(facts, name)
        if why:
            raise refused(self.env, why)
        return version

    @api.model
    def _of_model(self, version_id, model_id):
        version = self._visible(version_id)
        if model_id and version.model_id.id != model_id:
            raise self._no_such()
        return version

    def _environment(self, kind):
        return self.env["mlops.environment"]._of(self.sudo().company_id, kind)

    def _answer(self):
        return {"status": self.sudo().status, "lockVersion": self.sudo().lock_version}
