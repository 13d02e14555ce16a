import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError

from ...domain.sentence import coded
from ...domain.serving_rules import serving_faults
from ..mixins.protected_fields import keyed
from .model_version import DIGEST_SQL

FINDING_FIELDS = (
    "rule",
    "severity",
    "verdict",
    "file",
    "offset",
    "line",
    "column",
    "symbol",
    "evidence",
    "why",
    "remedy",
)


class VersionFacts(models.Model):
    """What the bridge reports about the work on a version. Facts of an older generation change
    nothing.
    """

    _inherit = "mlops.model.version"

    @api.model
    def _reported_unlocked(self, version_id):
        """The version as superuser, for the bridge alone."""
        self.env["mlops.model"]._require_role("bridge")
        version = self.sudo().search([("id", "=", int(version_id))])
        if not version:
            raise MissingError(self.env._("There is no version %s.", version_id))
        return version

    @api.model
    def _reported(self, version_id):
        return self._reported_unlocked(version_id)._locked()

    def _stale_answer(self, kind, generation):
        """The answer to a fact about another generation than the one wanted now, which is
        journalled; None when it is that one.
        """
        current = self.sudo().generation
        if int(generation) == current:
            return None
        return self._refuse_fact(
            kind,
            generation,
            "StaleGeneration" if int(generation) < current else "UnknownGeneration",
        )

    def _refuse_fact(self, kind, generation, reason):
        current = self.sudo().generation
        self.env["mlops.event"]._emit(
            "fact.stale",
            {"fact": kind, "reported": int(generation), "generation": current, "reason": reason},
            **self._about(),
        )
        return {
            "accepted": False,
            "reason": reason,
            "generation": current,
            "status": self.sudo().status,
        }

    @api.model
    def report_validation(
        self,
        version_id,
        generation,
        verdict,
        findings,
        details,
        report_key,
        ruleset_version,
        serving=None,
    ):
        """What the scan says: `{accepted, status}`. `review` passes when a second person accepted
        each such finding of these bytes.
        """
        version = self._reported(version_id)
        if version.scan_ids.filtered(lambda scan: scan.generation == int(generation)):
            return {"accepted": True, "status": version.status}
        stale = version._stale_answer("validation", generation)
        if stale:
            return stale
        if version.status != "Validating":  # the deadline was faster
            return version._refuse_fact("validation", generation, "NotValidating")
        if verdict not in ("pass", "review", "block"):
            raise UserError(self.env._("The verdict must be pass, review or block."))
        version._record_scan(verdict, findings or [], details, report_key, ruleset_version)
        values = {"validation_details": details or {}}
        if (
            serving
        ):  # what the metadata of the upload says counts more than what was found in the Dockerfile
            fine = {
                name: value for name, value in serving.items() if not serving_faults({name: value})
            }
            values["serving"] = {**fine, **(version.serving or {})}
        version._move(*version._validation_outcome(verdict, findings or []), **values)
        return {"accepted": True, "status": version.status}

    def _newest_scan(self):
        """The newest scan, as superuser; empty before the first."""
        return self.sudo().scan_ids.sorted("id", reverse=True)[:1]

    def _record_scan(self, verdict, findings, details, report_key, ruleset_version):
        scan = keyed(self.env["mlops.scan"]).create(
            {
                "version_id": self.id,
                "generation": self.generation,
                "verdict": verdict,
                "ruleset_version": ruleset_version or False,
                "started_at": self.status_changed_at,
                "finished_at": fields.Datetime.now(),
                "report_key": report_key or False,
                "details": details or {},
            }
        )
        keyed(self.env["mlops.finding"]).create(
            [
                {
                    **{name: one.get(name) or False for name in FINDING_FIELDS},
                    "version_id": self.id,
                    "scan_id": scan.id,
                    "severity": one.get("severity") or "info",
                    "verdict": one.get("verdict") or verdict,
                }
                for one in findings
            ]
        )
        self.env["mlops.event"]._emit(
            "version.scan",
            {"verdict": verdict, "rulesetVersion": ruleset_version, "findings": len(findings)},
            **self._about(),
        )

    def _validation_outcome(self, verdict, findings):
        if verdict == "pass":
            return "validated", None
        against = [one for one in findings if one.get("verdict") in ("block", "review")]
        first = next(
            (one for one in against if one["verdict"] == "block"), against[0] if against else None
        )
        what = (
            f"{first.get('rule')} in {first.get('file')}: {first.get('why')}"
            if first
            else self.env._("the scan did not pass")
        )
        if verdict == "review":
            if not self._unwaived():
                return "validated", None
            return "validation_failed", coded(
                "NeedsReview",
                self.env._(
                    "NeedsReview: %s — request a waiver, which a second person must accept.", what
                ),
            )
        return "validation_failed", coded("ScanBlocked", self.env._("ScanBlocked: %s", what))

    @api.model
    def report_build(
        self,
        version_id,
        generation,
        state,
        image=None,
        image_digest=None,
        log_key=None,
        reason=None,
    ):
        """How the build goes: `{accepted, status}`. `done` starts the waiting deployment, `failed`
        fails it.
        """
        version = self._reported(version_id)
        stale = version._stale_answer("build", generation)
        if stale:
            return stale
        if state not in ("running", "done", "failed"):
            raise UserError(self.env._("The state of a build is running, done or failed."))
        if state == "done" and not (image and re.match(DIGEST_SQL, image_digest or "")):
            raise UserError(
                self.env._(
                    "A build that is done has an image and its digest, sha256: and 64 "
                    "hexadecimal digits."
                )
            )
        if (
            version.image_digest
            and state == "done"
            and (version.image, version.image_digest) != (image, image_digest)
        ):
            return version._refuse_fact("build", generation, "DigestMismatch")
        if version.build_state in ("done", "failed"):  # reported already, or after the deadline
            same = version.build_state == state
            return (
                {"accepted": True, "status": version.status}
                if same
                else version._refuse_fact("build", generation, "BuildEnded")
            )
        if version.build_state == "none":
            return version._refuse_fact("build", generation, "NoBuildWanted")
        known = (log_key or False) in (False, version.build_log_key) and (reason or False) == (
            version.build_reason or False
        )
        if version.build_state == state == "running" and known:
            return {"accepted": True, "status": version.status}
        version._take_build(state, image, image_digest, log_key, reason)
        return {"accepted": True, "status": version.status}

    def _take_build(self, state, image, image_digest, log_key, reason):
        waiting = self.deployment_ids.filtered(
            lambda one: one.desired == "serving" and one.phase in ("Pending", "Building")
        )
        values = {
            "build_state": state,
            "build_reason": reason or False,
            "build_log_key": log_key or self.build_log_key,
        }
        if state == "running":
            values["build_started_at"] = (
                self.build_started_at if self.build_state == "running" else fields.Datetime.now()
            )
            keyed(waiting).write({"phase": "Building", "reason": reason or False})
            values["status_reason"] = reason or False  # why nothing is built yet: no room
        else:
            values["build_finished_at"] = fields.Datetime.now()
        if state == "done":
            values.update(image=image, image_digest=image_digest)
        keyed(self).write(values)
        self._refresh_road()
        self.env["mlops.event"]._emit(
            "version.build",
            {
                "state": state,
                "reason": reason or None,
                "logKey": values["build_log_key"] or None,
                "imageDigest": image_digest or None,
                "status": self.status,
                "lockVersion": self.lock_version,
                "road": self.road,
            },
            **self._about(),
        )
        self._tell_screens()
        if state == "done":
            self._command("inventory")
        for deployment in waiting:
            if state == "done":
                seconds = deployment._ready_seconds()
                keyed(deployment).write(
                    {
                        "phase": "Pending",
                        "deadline_at": fields.Datetime.now() + timedelta(seconds=seconds),
                    }
                )
                deployment._order_reconcile()
            elif state == "failed":
                deployment._fail(
                    coded(
                        "BuildFailed",
                        self.env._("BuildFailed: %s", reason or self.env._("the log says why")),
                    )
                )
