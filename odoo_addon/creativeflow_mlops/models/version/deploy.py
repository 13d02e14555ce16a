from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.rollout_steps import steps_refusal
from ...domain.serving_rules import serving_faults
from ...wording import refused
from ..mixins.protected_fields import keyed
from .offers import wire_step

BUILD_SECONDS = ("creativeflow_mlops.build_deadline_seconds", 1800)


class VersionDeploy(models.Model):
    """What a decision to deploy brings about: the approval, the deployment, the build or the
    reconcile.
    """

    _inherit = "mlops.model.version"

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
        frozen = [wire_step(step) for step in judged] if steps is None else steps
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
