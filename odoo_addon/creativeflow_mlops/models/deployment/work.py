from odoo import api, models

from ...domain.iso_time import iso


class DeploymentWork(models.Model):
    """What the bridge needs for its work: the wanted state, read again before each step."""

    _inherit = "mlops.deployment"

    @api.model
    def work(self, deployment_id):
        """DeploymentWork of docs/odoo-api.md."""
        self.env["mlops.model"]._require_role("bridge")
        return self._known(deployment_id)._work()

    def _work(self):
        environment, version, previous = (
            self.environment_id,
            self.version_id,
            self.previous_deployment_id,
        )
        siblings = self.search(
            [
                ("environment_id", "=", environment.id),
                ("model_id", "=", self.model_id.id),
                ("id", "!=", self.id),
                ("phase", "!=", "Removed"),
            ]
        ).filtered(lambda one: one.desired != "removed" or one.phase != "Failed")
        return {
            **self._what(version, environment),
            "deploymentId": self.id,
            "steps": self.steps or None,
            "controls": self._controls(),
            "strategy": self.strategy,
            "isRollback": self.approval_id.is_rollback,
            "generation": self.generation,
            "desired": self.desired,
            "phase": self.phase,
            "isLive": self.is_live,
            "queueUntil": iso(self._queue_until()),
            "withdrawing": self._withdrawing().mapped("version_id.name"),
            "queue": [
                one._queued(
                    self.env._("A model of another team")
                    if one.team_id not in (self.team_id, one.team_id.browse())
                    else None
                )
                for one in self._waiting_before()
            ],
            "deadlineAt": iso(self._deadline() or None),
            "protocol": self._protocol(),
            "previous": {
                "deploymentId": previous.id,
                "versionId": previous.version_id.id,
                "revision": (previous.observed or {}).get("revision"),
            }
            if previous
            else None,
            "stable": self._stable(environment, self.model_id),
            "progress": self.progress or None,
            "siblings": [
                {
                    "deploymentId": one.id,
                    "versionId": one.version_id.id,
                    "desired": one.desired,
                    "phase": one.phase,
                    "isLive": one.is_live,
                }
                for one in siblings
            ],
        }

    @api.model
    def _what(self, version, environment):
        """The part that is known before a deployment is: which image, where, with what."""
        return {
            "versionId": version.id,
            "modelId": version.model_id.id,
            "slug": version.model_id.slug,
            "version": version.name,
            "image": version.image or None,
            "imageDigest": version.image_digest or None,
            "serving": version.serving or {},
            "environment": {
                "id": environment.id,
                "name": environment.name,
                "kind": environment.kind,
                "namespace": environment.namespace,
                "gatewayUrl": environment.gateway_url,
                "registry": environment.registry,
                "keepPreviousMinutes": environment.keep_previous_minutes,
                "readyDeadlineSeconds": environment.ready_deadline_seconds,
                "maxReplicas": environment.max_replicas,
                "maxGpus": environment.max_gpus,
                "strategiesAllowed": environment.strategies_allowed,
                "canarySteps": environment._steps(),
            },
        }

    @api.model
    def _stable(self, environment, model):
        """What serves there by the record, as it was approved; None: nothing does. The cluster may
        be empty and it serves all the same.
        """
        live = self.search(
            [
                ("environment_id", "=", environment.id),
                ("model_id", "=", model.id),
                ("is_live", "=", True),
            ],
            limit=1,
        )
        version = live.version_id
        return (
            {
                "deploymentId": live.id,
                "versionId": version.id,
                "version": version.name,
                "image": version.image or None,
                "imageDigest": version.image_digest or None,
                "serving": version.serving or {},
            }
            if live
            else None
        )

    def _waiting_before(self):
        """Those that asked earlier for this environment and wait for room there, as the bridge said
        last; the first first.
        """
        return (
            self._waiting(self.environment_id).filtered(lambda one: one.id < self.id)
            if self._queue_until()
            else self.browse()
        )

    @api.model
    def _waiting(self, environment):
        return self.search(
            [
                ("environment_id", "=", environment.id),
                ("desired", "=", "serving"),
                ("phase", "=", "Progressing"),
                ("is_live", "=", False),
            ],
            order="id",
        ).filtered(
            lambda one: ((one.observed or {}).get("rollout") or {}).get("waitingFor") == "room"
        )

    def _queued(self, instead=None):
        """What the bridge must know of it to say whether it holds up others: its wait, and whether
        it could ever fit.

        `instead`: what stands for its names before somebody who may not see it.
        """
        previous = self.previous_deployment_id
        return {
            "deploymentId": self.id,
            "name": instead or self.model_id.name,
            "version": "" if instead else self.version_id.name,
            "queueUntil": iso(self._queue_until()),
            "paused": bool(self.paused_at),
            "strategy": self.strategy,
            "steps": self.steps or None,
            "serving": self.version_id.serving or {},
            "previous": {
                "revision": (previous.observed or {}).get("revision") or "",
                "serving": previous.version_id.serving or {},
            }
            if previous.is_live
            else None,
        }

    def _withdrawing(self):
        """Those of this model here that ended before they were ready, and of which the bridge has
        not seen the last yet.
        """
        return self.search(
            [
                ("environment_id", "=", self.environment_id.id),
                ("model_id", "=", self.model_id.id),
                ("id", "!=", self.id),
                ("desired", "=", "removed"),
                ("phase", "=", "Failed"),
            ]
        ).filtered(lambda one: one.observed_generation != one.generation)

    def _controls(self):
        """What people said to the rollout so far."""
        return {
            "paused": bool(self.paused_at),
            "approvedStep": self.approved_step,
            "skipTo": self.skip_to,
        }

    def _protocol(self):
        serving = self.version_id.serving or {}
        if serving.get("protocol") in ("open-inference-v2", "http"):
            return serving["protocol"]
        return (
            "open-inference-v2"
            if (serving.get("readinessPath") or "/v2/").startswith("/v2/")
            else "http"
        )

    def _public_url(self):
        gateway = self.environment_id.gateway_url.rstrip("/")
        return f"{gateway}/endpoints/{self.environment_kind}/{self.model_id.slug}"
