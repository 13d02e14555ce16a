from datetime import datetime

from odoo import api, models
from odoo.exceptions import UserError

from ..mixins.protected_fields import keyed

# a rolling of 64 pods has three steps for each
STEPS_RECORDED = 256
PHASES_REPORTED = ("Progressing", "Ready", "Failed", "Removed")


class DeploymentFacts(models.Model):
    """What the bridge observed in the cluster. Facts never name a status; Odoo decides what they
    mean.
    """

    _inherit = "mlops.deployment"

    @api.model
    def report_facts(self, deployment_id, generation, facts):
        """`{accepted, status, phase, generation}`; an older generation is journalled and changes
        nothing.
        """
        self.env["mlops.model"]._require_role("bridge")
        deployment = self._known(deployment_id)
        deployment.version_id._locked()
        deployment.lock_for_update(allow_referencing=True)
        deployment.invalidate_recordset()
        phase = facts.get("phase")
        if phase not in PHASES_REPORTED:
            raise UserError(self.env._("The phase must be one of %s.", ", ".join(PHASES_REPORTED)))
        if int(generation) != deployment.generation:
            return deployment._refuse_fact(generation, phase)
        deployment._take_facts(phase, facts)
        return {
            "accepted": True,
            "status": deployment.version_id.status,
            "phase": deployment.phase,
            "generation": deployment.generation,
        }

    @api.model
    def record_progress(self, deployment_id, generation, progress):
        """`{accepted, progress}`: the step that a rollout has come to, before the bridge acts on
        it. It never goes back.
        """
        self.env["mlops.model"]._require_role("bridge")
        recorded = self._checked_progress(progress)
        deployment = self._known(deployment_id)
        deployment.version_id._locked()
        deployment.lock_for_update(allow_referencing=True)
        deployment.invalidate_recordset()
        if int(generation) != deployment.generation:
            return deployment._refuse_fact(generation, "Progressing")
        if not deployment._is_awaited():
            return {
                "accepted": False,
                "reason": "NotAwaited",
                "generation": deployment.generation,
                "status": deployment.version_id.status,
            }
        if recorded["step"] >= (deployment.progress or {}).get("step", 0):
            keyed(deployment).write({"progress": recorded})
        return {"accepted": True, "progress": deployment.progress}

    @api.model
    def _checked_progress(self, progress):
        step, since = (
            (progress.get("step"), progress.get("since"))
            if isinstance(progress, dict)
            else (None, None)
        )
        fine = (
            isinstance(step, int)
            and not isinstance(step, bool)
            and 0 <= step <= STEPS_RECORDED
            and isinstance(since, str)
        )
        try:
            datetime.fromisoformat(since.replace("Z", "+00:00") if fine else "")
        except ValueError as error:
            raise UserError(
                self.env._(
                    "A progress has a step from 0 to %s and the time since when.", STEPS_RECORDED
                )
            ) from error
        return {
            name: progress.get(name)
            for name in ("step", "since", "baseline", "judgements", "interrupted", "again")
        }

    def _refuse_fact(self, generation, phase):
        reason = "StaleGeneration" if int(generation) < self.generation else "UnknownGeneration"
        self.env["mlops.event"]._emit(
            "fact.stale",
            {
                "fact": "deployment",
                "reported": int(generation),
                "generation": self.generation,
                "reason": reason,
                "phase": phase,
            },
            **self._about(),
        )
        return {
            "accepted": False,
            "reason": reason,
            "generation": self.generation,
            "status": self.version_id.status,
        }

    def _take_facts(self, phase, facts):
        values = {"observed_generation": self.generation}
        for name, key in (
            ("conditions", "conditions"),
            ("observed", "observed"),
            ("preview_url", "previewUrl"),
        ):
            if key in facts:
                values[name] = facts[key] or False
        if values.get("preview_url"):
            values["preview_url"] = self.env["mlops.endpoint"]._address(values["preview_url"])
        changed = any((self[name] or False) != value for name, value in values.items())
        keyed(self).write(values)
        before = (self.phase, self.reason, self.is_live)
        if self._is_awaited():
            self._decide_awaited(phase, facts)
        else:
            self._follow(phase, facts)
        if (
            phase == "Failed"
            and self.phase == "Failed"
            and before[0] != "Failed"
            and not self.is_live
        ):
            return  # told by _fail
        if changed or before != (self.phase, self.reason, self.is_live):
            self._tell_facts()

    def _decide_awaited(self, phase, facts):
        """The version waits for it: ready and failed end the wait."""
        reason = facts.get("reason") or False
        if phase == "Ready":
            self._go_live(
                self.env["mlops.endpoint"]._address(facts.get("endpointUrl") or self._public_url())
            )
        elif phase == "Failed":
            self._fail(reason or self.env._("The deployment failed; its conditions say why."))
        elif phase == "Removed":
            self._fail(
                reason
                or self.env._("Removed from the cluster by somebody else before it was ready.")
            )
        else:
            keyed(self).write({"phase": "Progressing", "reason": reason})

    def _follow(self, phase, facts):
        """Nobody waits for it: keep the phase as observed; the endpoint of a live one follows its
        health.
        """
        reason = facts.get("reason") or False
        if self.is_live:
            # Removed by somebody else while it is wanted: a failure, which ends when the bridge has
            # put it back.
            keyed(self).write(
                {"phase": "Failed" if phase == "Removed" else phase, "reason": reason}
            )
            healthy = phase == "Ready"
            self._endpoint()._set_available(healthy)
            if self.environment_kind == "production" and self.version_id.is_available != healthy:
                keyed(self.version_id).write({"is_available": healthy})
        elif self.desired == "removed" and phase == "Removed":
            # Failed and Superseded say how it ended and stay; the conditions tell that nothing is
            # left of it.
            keyed(self).write(
                {
                    "phase": "Removed" if self.phase != "Failed" else "Failed",
                    "endpoint_url": False,
                    "preview_url": False,
                }
            )
