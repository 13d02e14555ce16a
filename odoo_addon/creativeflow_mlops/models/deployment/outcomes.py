from datetime import timedelta

from odoo import fields, models

from ...domain.sentence import code_of
from ..mixins.protected_fields import keyed
from .deployment import IN_FLIGHT

OUTCOMES = {"staging": ("staging_ready", "staging_failed"), "production": ("live", "prod_failed")}
PENDING = {"staging": "PendingStagingDeployment", "production": "PendingProdDeployment"}
URL_FIELDS = {"staging": "staging_endpoint_url", "production": "prod_endpoint_url"}


class DeploymentLive(models.Model):
    """What becoming ready, failing and giving way mean. All callers hold the locks and run as
    superuser.
    """

    _inherit = "mlops.deployment"

    def _in_flight(self, environment, model):
        return self.search(
            [
                ("environment_id", "=", environment.id),
                ("model_id", "=", model.id),
                ("desired", "=", "serving"),
                ("phase", "in", IN_FLIGHT),
                ("is_live", "=", False),
            ],
            limit=1,
        )

    def _is_awaited(self):
        """Whether its version waits for this deployment to be ready."""
        return (
            self.desired == "serving"
            and not self.is_live
            and self.version_id.status == PENDING[self.environment_kind]
        )

    def _go_live(self, url):
        """It is ready: it takes the place of what served before, in this transaction."""
        kind, version = self.environment_kind, self.version_id
        before = self.search(
            [
                ("environment_id", "=", self.environment_id.id),
                ("model_id", "=", self.model_id.id),
                ("is_live", "=", True),
                ("id", "!=", self.id),
            ]
        )
        if before:
            before._give_way()
        keyed(self).write(
            {
                "phase": "Ready",
                "is_live": True,
                "ready_at": fields.Datetime.now(),
                "reason": False,
                "lock_version": self.lock_version + 1,
                "previous_deployment_id": before.id or self.previous_deployment_id.id,
                "endpoint_url": url,
            }
        )
        self.env.flush_all()
        self._end_earlier_keeping()
        available = {"is_available": True} if kind == "production" else {}
        version._move(OUTCOMES[kind][0], **{URL_FIELDS[kind]: url}, **available)
        self.env["mlops.endpoint"]._announce(self, url, True)
        self._answer_requests("done", url)

    def _end_earlier_keeping(self):
        """A version that was brought back is no longer kept for that: its pods are this
        deployment's now.
        """
        self.search(
            [
                ("environment_id", "=", self.environment_id.id),
                ("version_id", "=", self.version_id.id),
                ("desired", "=", "kept"),
                ("id", "!=", self.id),
            ]
        )._want("removed", keep_until=False)

    def _give_way(self):
        """Another deployment is ready in its place: kept for a while (production), or removed."""
        self.ensure_one()
        version, minutes = self.version_id, self.environment_id.keep_previous_minutes
        version._locked()
        self._want(
            "kept" if minutes else "removed",
            phase="Superseded",
            is_live=False,
            keep_until=fields.Datetime.now() + timedelta(minutes=minutes) if minutes else False,
        )
        self.env.flush_all()
        if self.environment_kind == "production" and version.status == "Live":
            version._move("supersede", is_available=False, prod_endpoint_url=False)
            self.env.flush_all()
        elif self.environment_kind == "staging":
            keyed(version).write({"staging_endpoint_url": False})

    def _fail(self, reason):
        """It did not become ready: the version fails with the reason; what served before goes on
        serving.
        """
        self.ensure_one()
        awaited = self._is_awaited()
        self._want("removed", phase="Failed", reason=reason, reason_code=code_of(reason) or False)
        self.env.flush_all()
        if awaited:
            self.version_id._move(OUTCOMES[self.environment_kind][1], reason)
        self._tell_facts()
        self._answer_requests("failed", reason)

    def _stop_serving(self):
        """It is no longer wanted at all; its endpoint says so."""
        for one in self:
            was_live = one.is_live
            one._want("removed", is_live=False)
            if was_live:
                one._endpoint()._set_available(False)

    def _endpoint(self):
        return (
            self.env["mlops.endpoint"]
            .sudo()
            .search(
                [
                    ("environment_id", "=", self.environment_id.id),
                    ("model_id", "=", self.model_id.id),
                ],
            )
        )

    def _tell_facts(self):
        self.env["mlops.event"]._emit(
            "deployment.facts",
            {
                "deploymentId": self.id,
                "environmentKind": self.environment_kind,
                "phase": self.phase,
                "reason": self.reason or None,
                "reasonCode": self.reason_code or None,
                "desired": self.desired,
                "isLive": self.is_live,
                "conditions": self.conditions or [],
                "observed": self.observed or None,
                "endpointUrl": self.endpoint_url or None,
                "previewUrl": self.preview_url or None,
                "generation": self.generation,
                "controls": self._controls(),
            },
            **self._about(),
        )
        self.version_id._tell_screens()

    def _answer_requests(self, state, result):
        self.env["mlops.request"].sudo().search(
            [("deployment_id", "in", self.ids), ("state", "=", "accepted")]
        )._finish(state, result)
