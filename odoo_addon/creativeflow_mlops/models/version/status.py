from odoo import fields, models
from odoo.exceptions import UserError

from ...domain.lifecycle import road
from ...domain.sentence import code_of
from ...domain.transitions import TRANSITIONS, refusal
from ..mixins.protected_fields import keyed


class VersionStatus(models.Model):
    """The one place where a status changes, and what goes with each change."""

    _inherit = "mlops.model.version"

    def _move(self, name, reason=None, **values):
        """Take the transition `name` of TRANSITIONS with its source checked; the row is locked by
        the caller. `reason` has a code where its code matters.

        Writes status, reason, time, lock_version, road and the given values; journals, tells
        screens, chatter and approvers.
        """
        self.ensure_one()
        version = self.sudo()
        before = version.status
        why_not = refusal(name, before)
        if why_not:
            raise UserError(why_not)
        keyed(version).write(
            {
                **values,
                "status": TRANSITIONS[name].target,
                "status_reason": reason or False,
                "status_reason_code": code_of(reason) or False,
                "status_changed_at": fields.Datetime.now(),
                "lock_version": version.lock_version + 1,
            }
        )
        if "Archived" in (before, version.status) or "Live" in (before, version.status):
            version.env.flush_all()
            version.model_id._refresh_pointers()
        self._after_change("version.status", before)

    def _registered(self):
        """What goes with a new version: pointers, road, journal, the scan."""
        self.sudo().model_id._refresh_pointers()
        self._after_change("version.registered", None)
        self._command("scan")

    def _after_change(self, topic, before):
        self._refresh_road()
        version = self.sudo()
        self.env["mlops.event"]._emit(
            topic,
            {
                "status": version.status,
                "from": before,
                "reason": version.status_reason or None,
                "reasonCode": version.status_reason_code or None,
                "lockVersion": version.lock_version,
                "by": self.env.user.sudo().name,
                "road": version.road,
                "name": version.name,
                "model": version.model_id.name,
                "isAvailable": version.is_available,
                "stagingEndpointUrl": version.staging_endpoint_url or None,
                "prodEndpointUrl": version.prod_endpoint_url or None,
                "buildState": version.build_state,
            },
            **self._about(),
        )
        self._tell_screens()
        self._tell_people()

    def _command(self, command):
        """Ask the bridge for a `scan` or a `build` of this generation."""
        self.env["mlops.event"]._emit(
            "command",
            {"versionId": self.id},
            command=command,
            key=f"version:{self.id}",
            generation=self.sudo().generation,
            **self._about(),
        )

    def _about(self):
        """The columns of an event about this version."""
        version = self.sudo()
        return {
            "company_id": version.company_id,
            "team_id": version.team_id,
            "model_id": version.model_id,
            "version_id": version,
        }

    def _refresh_road(self):
        version = self.sudo()
        # by its id: of one that was reached through another record, approvals would be read one by
        # one
        keyed(version).write({"road": road(version.browse(version.id)._road_facts())})

    def _road_facts(self):
        self.env.flush_all()
        self.invalidate_recordset(["approval_ids", "deployment_ids", "scan_ids"])
        scan = self._newest_scan()
        verdict = "pass" if scan.verdict == "review" and not self._unwaived() else scan.verdict
        decisions = self.approval_ids.sorted("id", reverse=True)
        rejected = decisions[:1].filtered(lambda one: one.decision == "rejected")
        approved = decisions.filtered(lambda one: one.decision == "approved")
        return {
            "status": self.status,
            "reason": self.status_reason,
            "reason_code": self.status_reason_code,
            "uploaded": {"at": self.create_date, "by": self.submitter_id.name},
            "scan": {"started": scan.started_at, "finished": scan.finished_at, "verdict": verdict}
            if scan
            else None,
            "rejected": _decided(rejected),
            "approved": _decided(
                approved.filtered(lambda one: one.environment_id.kind == "staging")[:1]
            ),
            "promoted": _decided(
                approved.filtered(lambda one: one.environment_id.kind == "production")[:1]
            ),
            "build": {
                "state": self.build_state,
                "started": self.build_started_at,
                "finished": self.build_finished_at,
                "reason": self.build_reason,
            },
            "staging": self._place_facts("staging"),
            "production": self._place_facts("production"),
            "was_live": bool(
                self.deployment_ids.filtered(
                    lambda one: one.environment_kind == "production" and one.ready_at
                )
            ),
        }

    def _place_facts(self, kind):
        newest = self.deployment_ids.filtered(lambda one: one.environment_kind == kind).sorted(
            "id", reverse=True
        )[:1]
        return (
            {"created": newest.create_date, "ready": newest.ready_at, "phase": newest.phase}
            if newest
            else None
        )


def _decided(approval):
    return {"at": approval.decided_at, "by": approval.user_id.name} if approval else None
