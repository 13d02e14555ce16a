from odoo import api, models
from odoo.exceptions import UserError

from ..mixins.protected_fields import keyed

# Versions in these statuses are looked at again when the rules of the scan change; the others are
# scanned before they go on anyway.
AUDITED = (
    "Validated",
    "PendingStagingDeployment",
    "Staging",
    "StagingFailed",
    "PendingProdDeployment",
    "Live",
    "ProdFailed",
    "Superseded",
)
OWNER_ACTIVITY = "creativeflow_mlops.activity_rules"


class VersionAudits(models.Model):
    """The rules of the scan change: what passed under the old ones is scanned again, and what would
    not pass now is told.
    """

    _inherit = "mlops.model.version"

    @api.model
    def rules_changed(self, ruleset_version, limit=500):
        """Order a scan of each version whose newest scan was made with other rules: `{ordered}`.
        Asked by the bridge at its start.
        """
        self.env["mlops.model"]._require_role("bridge")
        versions = self.sudo().search(
            [("status", "in", AUDITED), ("audit_ordered", "!=", ruleset_version)], limit=limit
        )
        for version in versions:
            newest = version._newest_scan()
            if newest and newest.ruleset_version != ruleset_version:
                self.env["mlops.event"]._emit(
                    "command",
                    {"versionId": version.id, "audit": ruleset_version},
                    command="scan",
                    key=f"audit:{version.id}",
                    generation=version.generation,
                    **version._about(),
                )
        keyed(versions).write({"audit_ordered": ruleset_version})
        return {"ordered": len(versions)}

    @api.model
    def report_audit(self, version_id, verdict, findings, details, report_key, ruleset_version):
        """What a scan under new rules says of a version that passed: `{accepted, status}`."""
        version = self._reported(version_id)
        if verdict not in ("pass", "review", "block"):
            raise UserError(self.env._("The verdict must be pass, review or block."))
        newest = version._newest_scan()
        if version.status not in AUDITED or newest.ruleset_version == ruleset_version:
            return {"accepted": False, "reason": "NotAudited", "status": version.status}
        version._record_scan(verdict, findings or [], details, report_key, ruleset_version)
        name, why = version._validation_outcome(verdict, findings or [])
        if name == "validated":
            version._tell_screens()
        elif version.status == "Validated":
            version._move("rules_changed", why)
        else:
            version._ask_owner(self.env._("The scan would not pass it any more: %s", why))
            version._tell_screens()
        return {"accepted": True, "status": version.status}

    def _ask_owner(self, what):
        """An activity for whoever uploaded it, and for the managers when that person is gone."""
        quiet = self.sudo().with_context(mail_activity_quick_update=True)
        group = self.env.ref("creativeflow_mlops.group_manager")
        owners = (
            self.submitter_id
            if self.submitter_id.active
            else group.all_user_ids.filtered(lambda user: self.company_id in user.company_ids)
        )
        for owner in owners:
            quiet.activity_schedule(OWNER_ACTIVITY, user_id=owner.id, summary=what[:200])
