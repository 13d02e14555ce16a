import psycopg2.errors

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import mute_logger

from ...domain import upload_payload, upload_receipt
from ..mixins.protected_fields import keyed

SECRET_PARAMETER = "creativeflow_mlops.receipt_secret"


class ModelRegistration(models.Model):
    _inherit = "mlops.model"

    @api.model
    def upload_check(self, name, version, team_id=None, idempotency_key=None):
        """May this user register this model and version now? `{ok, reason, code, modelId}`; nothing
        is changed.

        code: null, `Forbidden`, `Invalid` or `VersionExists`. With the idempotencyKey of a version
        that the user has registered it is ok: register_version will answer its first answer.
        """
        code, reason, model = self._upload_refusal(name, version, team_id)
        if code == "VersionExists" and idempotency_key and self._registered_with(idempotency_key):
            code, reason = None, None
        return {"ok": code is None, "reason": reason, "code": code, "modelId": model.id or None}

    @api.model
    def _upload_refusal(self, name, version, team):
        """(code, reason, model): code None when nothing speaks against it."""
        nothing = self.browse()
        if not {"data_scientist"} & set(self._roles()):
            return (
                "Forbidden",
                self.env._("Uploading needs the role Data scientist. Ask an MLOps manager for it."),
                nothing,
            )
        fault = upload_payload.name_fault(name) or upload_payload.version_fault(version)
        if fault:
            return "Invalid", fault, nothing
        asked_team = self.env["mlops.team"]._named(team)
        if asked_team is not None and not asked_team:
            return (
                "Forbidden",
                self.env._("There is no team %s that you are a member of.", team),
                nothing,
            )
        model = self.sudo().search(
            [("company_id", "=", self.env.company.id), ("name", "=", name)], limit=1
        )
        if model and not self.search_count([("id", "=", model.id)], limit=1):
            return (
                "Forbidden",
                self.env._("The name %s is taken by another team. Choose another name.", name),
                nothing,
            )
        if model and asked_team is not None and asked_team != model.team_id:
            return (
                "Invalid",
                self.env._("The model %s belongs to another team. Leave the team out.", name),
                nothing,
            )
        if model and self.env["mlops.model.version"].sudo().search_count(
            [("model_id", "=", model.id), ("name", "=", version)], limit=1
        ):
            return (
                "VersionExists",
                self.env._(
                    "Version %(version)s of %(name)s exists already. Choose another.",
                    version=version,
                    name=name,
                ),
                model,
            )
        return None, None, model

    @api.model
    def register_version(self, payload):
        """Register an uploaded version; `{modelId, versionId, initialStatus, created}`.

        The receipt shows that the bridge stored these very bytes for this user. The same
        idempotencyKey of the same user answers the first answer, also when both calls run at once:
        the loser's insert meets the unique index, and the call is run again in a new transaction,
        which sees the winner's row.
        """
        self._require_role("data_scientist")
        faults = upload_payload.faults(payload)
        if faults:
            raise UserError("\n".join(faults))
        first = self._registered_with(payload["idempotencyKey"])
        if first:
            return {
                "modelId": first.model_id.id,
                "versionId": first.id,
                "initialStatus": "Validating",
                "created": False,
            }
        secret = self.env["ir.config_parameter"].sudo().get_param(SECRET_PARAMETER)
        if not upload_receipt.is_genuine(
            payload.get("receipt"), secret, self.env.uid, payload["artifacts"]
        ):
            raise AccessError(
                self.env._(
                    "The receipt is not the bridge's for these files and this user. Upload "
                    "through the bridge."
                )
            )
        code, reason, model = self._upload_refusal(
            payload["name"], payload["version"], payload.get("team")
        )
        if code:
            raise (AccessError if code == "Forbidden" else UserError)(reason)
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                version = self._store_version(model, payload)
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError("registered at the same time") from error
        return {
            "modelId": version.model_id.id,
            "versionId": version.id,
            "initialStatus": "Validating",
            "created": True,
        }

    @api.model
    def _registered_with(self, key):
        """The version that this user has registered with this key."""
        return (
            self.env["mlops.model.version"]
            .sudo()
            .search([("submitter_id", "=", self.env.uid), ("idempotency_key", "=", key)])
        )

    def _store_version(self, model, payload):
        if not model:
            team = self.env["mlops.team"]._named(payload.get("team"))
            model = keyed(self).create(
                {
                    "name": payload["name"],
                    "slug": self._free_slug(payload["name"]),
                    "company_id": self.env.company.id,
                    "team_id": team.id if team else False,
                    "description": payload.get("description") or False,
                }
            )
        version = keyed(self.env["mlops.model.version"]).create(
            {
                "model_id": model.id,
                "name": payload["version"],
                "submitter_id": self.env.uid,
                "idempotency_key": payload["idempotencyKey"],
                "description": payload.get("description") or False,
                "framework": payload.get("framework") or False,
                "params": payload.get("params"),
                "metrics": payload.get("metrics"),
                "serving": payload.get("serving"),
                "input_schema": payload.get("inputSchema"),
                "output_schema": payload.get("outputSchema"),
            }
        )
        keyed(self.env["mlops.artifact"]).create(
            [
                {
                    "version_id": version.id,
                    "kind": one["kind"],
                    "filename": one["filename"],
                    "object_key": one["objectKey"],
                    "digest": one["digest"],
                    "size": one["size"],
                    "media_type": one.get("mediaType") or "application/octet-stream",
                }
                for one in payload["artifacts"]
            ]
        )
        version = version.with_env(self.env)
        version._registered()
        return version
