from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.actions import ACTIONS, allowed_actions, rollout_actions, status_refusal, why_not
from ...domain.rollout_steps import steps_refusal
from ...domain.sentence import coded
from ...domain.serving_rules import serving_faults
from ...domain.transitions import refusal
from ...wording import refused, translated
from ..mixins.protected_fields import keyed

BUILD_SECONDS = ("creativeflow_mlops.build_deadline_seconds", 1800)


def _wire(step):
    """A step of a policy as docs/odoo-api.md writes it."""
    return {name: value for name, value in step.items() if name != "signalBy"}


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

    def _deploy(self, transition, environment, strategy, comment, steps=None):
        """Record the approval, make the deployment, and order the build or the reconcile. The
        caller checked everything.
        """
        version = self.sudo()
        self._check_limits(environment)
        rollout = self._frozen_steps(environment, strategy, steps)
        self._close_own_activity(comment)
        approval = self._record_approval(
            environment, "approved", comment, is_rollback=transition == "rollback"
        )
        needs_build = not version.image_digest
        seconds = (
            self._build_seconds() if needs_build else environment._ready_seconds(rollout["steps"])
        )
        self.env["mlops.deployment"].sudo()._in_flight(environment, version.model_id)._make_way(
            version
        )
        live = (
            self.env["mlops.deployment"]
            .sudo()
            .search(
                [
                    ("environment_id", "=", environment.id),
                    ("model_id", "=", version.model_id.id),
                    ("is_live", "=", True),
                ],
            )
        )
        deployment = (
            keyed(self.env["mlops.deployment"])
            .create(
                {
                    "version_id": version.id,
                    "model_id": version.model_id.id,
                    "environment_id": environment.id,
                    "approval_id": approval.id,
                    "strategy": strategy,
                    "requested_by_id": self.env.uid,
                    "previous_deployment_id": live.id,
                    "deadline_at": fields.Datetime.now() + timedelta(seconds=seconds),
                    **rollout,
                }
            )
            .with_env(self.env)
        )
        build = {
            "build_state": "wanted",
            "build_reason": False,
            "build_started_at": fields.Datetime.now(),
            "build_finished_at": False,
        }
        self._move(transition, generation=version.generation + 1, **(build if needs_build else {}))
        if needs_build:
            self._command("build")
        else:
            deployment.sudo()._order_reconcile()
        self._adopt_requests(deployment)
        return {**self._answer(), "deploymentId": deployment.id}

    def _frozen_steps(self, environment, strategy, steps):
        """The canary as it is now, for the deployment to keep: later changes of the environment do
        not reach it.
        """
        if strategy != "canary":
            return {"steps": False, "signal_users": False}
        judged = environment._judging_policy(self)["steps"]
        frozen = [_wire(step) for step in judged] if steps is None else steps
        why = steps_refusal(frozen)
        if why:
            raise refused(self.env, why)
        signals = {
            str(index): step["signal"] for index, step in enumerate(frozen) if step.get("signal")
        }
        if steps is None:
            return {
                "steps": frozen,
                "signal_users": {
                    str(index): step["signalBy"]
                    for index, step in enumerate(judged)
                    if step.get("signalBy")
                },
            }
        for signal in signals.values():
            self.env["mlops.environment.step"]._try_signal(signal["model"], signal["domain"])
        return {"steps": frozen, "signal_users": dict.fromkeys(signals, self.env.uid)}

    def _record_approval(self, environment, decision, comment, is_rollback=False):
        version = self.sudo()
        approval = keyed(self.env["mlops.approval"]).create(
            {
                "version_id": version.id,
                "environment_id": environment.id if environment else False,
                "user_id": self.env.uid,
                "submitter_id": version.submitter_id.id,
                "four_eyes": bool(
                    environment and environment._judging_policy(version)["four_eyes"]
                ),
                "is_rollback": is_rollback,
                "decided_at": fields.Datetime.now(),
                "decision": decision,
                "comment": comment or False,
                "artifact_digests": {one.filename: one.digest for one in version.artifact_ids},
                "image_digest": version.image_digest or False,
            }
        )
        self.env["mlops.event"]._emit(
            "approval.recorded",
            {
                "decision": decision,
                "environment": environment.kind if environment else None,
                "by": self.env.user.sudo().name,
                "comment": comment or None,
            },
            **self._about(),
        )
        return approval.with_env(self.env)

    def _check_limits(self, environment):
        serving, judged = self.sudo().serving or {}, environment._judging_policy(self)
        faults = serving_faults(serving)
        if faults:  # registered before there were rules
            raise UserError("\n".join(faults))
        replicas, gpus = serving.get("replicas") or 1, serving.get("gpus") or 0
        if replicas > judged["max_replicas"] or replicas * gpus > judged["max_gpus"]:
            raise UserError(
                self.env._(
                    "The version wants %(replicas)s replicas with %(gpus)s GPUs each; "
                    "%(environment)s allows %(max_replicas)s replicas and"
                    " %(max_gpus)s GPUs in all%(since)s. Register a version that asks for less, "
                    "or let a manager raise the limits and upload"
                    " it again.",
                    replicas=replicas,
                    gpus=gpus,
                    environment=environment.name,
                    max_replicas=judged["max_replicas"],
                    max_gpus=judged["max_gpus"],
                    since=self._since_upload(environment, judged, "max_replicas", "max_gpus"),
                )
            )

    @api.model
    def _since_upload(self, environment, judged, *names):
        """What a refusal adds when the policy was stricter at the upload or since."""
        now = environment._policy()
        return (
            self.env._(", the strictest since its upload")
            if any(judged[name] != now[name] for name in names)
            else ""
        )

    @api.model
    def _build_seconds(self):
        name, default = BUILD_SECONDS
        return int(self.env["ir.config_parameter"].sudo().get_param(name, default))

    def _answer(self):
        return {"status": self.sudo().status, "lockVersion": self.sudo().lock_version}

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
            "steps": [_wire(step) for step in judged["steps"]],
            "own_steps": judged["own_steps"],
        }

    @api.depends_context("uid", "lang")
    def _compute_allowed_actions(self):
        for version in self:
            version.allowed_actions = version._offers() if version.id else []

    def _offers(self):
        offers = allowed_actions(self._action_facts()) + rollout_actions(self._rollout_facts())
        return [{**offer, "reason": translated(self.env, offer["reason"])} for offer in offers]
