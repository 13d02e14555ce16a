from odoo import api, models

from ...domain.iso_time import iso


class VersionDetail(models.Model):
    """A version as json: what its page shows, and what the bridge works with."""

    _inherit = "mlops.model.version"

    @api.model
    def detail(self, version_id):
        """VersionDetail of the wire contract, for the current user."""
        visible = self._visible(version_id)
        version = visible.sudo()
        scan = version._newest_scan()
        scan = scan if scan and version.status != "Validating" else scan.browse()
        model = version.model_id
        waivers = {
            finding.id: waiver._view()
            for finding, waiver in version._waivers_of(scan).items()
            if waiver
        }
        endpoints = self.env["mlops.endpoint"].sudo().search([("model_id", "=", model.id)])
        return {
            "id": version.id,
            "name": version.name,
            "model": {"id": model.id, "name": model.name, "slug": model.slug},
            "status": version.status,
            "statusReason": version.status_reason or None,
            "statusReasonCode": version.status_reason_code or None,
            "statusChangedAt": iso(version.status_changed_at),
            "generation": version.generation,
            "lockVersion": version.lock_version,
            "submitter": version.submitter_id.name,
            "isMine": version.submitter_id.id == self.env.uid,
            "createdAt": iso(version.create_date),
            "description": version.description or None,
            "framework": version.framework or None,
            "params": version.params or None,
            "metrics": version.metrics or None,
            "inputSchema": version.input_schema or None,
            "outputSchema": version.output_schema or None,
            "serving": version.serving or None,
            "artifacts": [one._view() for one in version.artifact_ids],
            "findings": [
                {**finding._view(), "waiver": waivers.get(finding.id)}
                for finding in scan.finding_ids
            ],
            "scan": {
                "verdict": scan.verdict,
                "rulesetVersion": scan.ruleset_version or "",
                "finishedAt": iso(scan.finished_at),
            }
            if scan
            else None,
            "approvals": [
                {
                    "environment": one.environment_id.kind or None,
                    "by": one.user_id.name,
                    "at": iso(one.decided_at),
                    "decision": one.decision,
                    "comment": one.comment or None,
                }
                for one in version.approval_ids
            ],
            "deployments": [one._view() for one in version.deployment_ids],
            "endpoints": [one._view() for one in endpoints],
            "image": version.image or None,
            "imageDigest": version.image_digest or None,
            "buildState": version.build_state,
            "buildReason": version.build_reason or None,
            "inventory": version.inventory or None,
            "buildLogKey": version.build_log_key or None,
            "stagingEndpointUrl": version.staging_endpoint_url or None,
            "prodEndpointUrl": version.prod_endpoint_url or None,
            "isAvailable": version.is_available,
            "road": version.road,
            "allowedActions": visible.allowed_actions or [],
        }

    @api.model
    def work(self, version_id):
        """VersionWork of docs/odoo-api.md, for the bridge."""
        version = self._reported_unlocked(version_id)
        scan = version._newest_scan()
        return {
            "versionId": version.id,
            "modelId": version.model_id.id,
            "slug": version.model_id.slug,
            "name": version.model_id.name,
            "version": version.name,
            "status": version.status,
            "generation": version.generation,
            "companyId": version.company_id.id,
            "artifacts": [
                {**one._view(), "objectKey": one.object_key} for one in version.artifact_ids
            ],
            "serving": version.serving or {},
            "image": version.image or None,
            "imageDigest": version.image_digest or None,
            "buildState": version.build_state,
            "scan": {"generation": scan.generation, "verdict": scan.verdict} if scan else None,
            "params": version.params or None,
            "inputSchema": version.input_schema or None,
            "outputSchema": version.output_schema or None,
            "registry": self.env["mlops.environment"]._of(version.company_id, "staging").registry
            or None,
            "deployments": [
                one._work()
                for one in version.deployment_ids.filtered(lambda one: one.desired != "removed")
            ],
        }
