from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...domain.iso_time import iso
from ..mixins.protected_fields import keyed

STATES = [("good", "As approved"), ("bad", "Differs from what was approved")]
INTEGRITY_ACTIVITY = "creativeflow_mlops.activity_integrity"
DIFFERENCES_KEPT = 50


class DeploymentIntegrity(models.Model):
    """Whether what runs is still what was approved: asked again and again by the bridge, from pods
    to the stored bytes.
    """

    _inherit = "mlops.deployment"

    integrity_state = fields.Selection(
        STATES, string="Integrity", readonly=True, help="Empty: not checked yet"
    )
    integrity_reason = fields.Char(readonly=True)
    integrity_message = fields.Text(string="Difference", readonly=True)
    integrity_details = fields.Json(
        readonly=True, help="Each difference: kind, what about, expected, found, remedy"
    )
    integrity_since = fields.Datetime(readonly=True)
    integrity_asked_at = fields.Datetime(
        string="Last checked",
        readonly=True,
        help="When a bridge took it up; others leave it alone for a while",
    )
    integrity_read_at = fields.Datetime(
        string="Bytes read", readonly=True, help="When every stored byte was last read again"
    )
    integrity_witness = fields.Json(
        readonly=True,
        help="Object → what the storage says of it, and the digest that its bytes had then",
    )

    @api.model
    def integrity_round(self, every_seconds, reread_seconds, limit=20):
        """What is to be looked at now, for the bridge that asks. Each deployment is given to one
        bridge in an interval.
        """
        self.env["mlops.model"]._require_role("bridge")
        self.env.flush_all()
        # NO KEY: a rollback that refers to what is live meanwhile must not collide with this
        self.env.cr.execute(
            """UPDATE mlops_deployment SET integrity_asked_at = now() AT TIME ZONE 'UTC' WHERE id IN (
                   SELECT id FROM mlops_deployment
                   WHERE (is_live OR desired = 'kept') AND (integrity_asked_at IS NULL
                          OR integrity_asked_at <= now() AT TIME ZONE 'UTC' - make_interval(secs => %s))
                   ORDER BY integrity_asked_at NULLS FIRST LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
               RETURNING id""",
            [float(every_seconds), int(limit)],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.invalidate_all()
        again = fields.Datetime.now() - timedelta(seconds=float(reread_seconds))
        return [
            {
                "work": one._work(),
                "policy": one.environment_id.integrity_policy,
                "artifacts": [
                    {**artifact._view(), "objectKey": artifact.object_key}
                    for artifact in one.version_id.artifact_ids
                ],
                "deep": not one.integrity_read_at or one.integrity_read_at <= again,
                "witness": one.integrity_witness or {},
                "reported": {
                    "state": one.integrity_state or None,
                    "differences": one.integrity_details or [],
                },
            }
            for one in self.sudo().browse(sorted(ids))
            if one.version_id.image_digest
        ]

    @api.model
    def report_integrity(
        self,
        deployment_id,
        generation,
        state,
        reason=None,
        message=None,
        differences=None,
        put_back=None,
        witness=None,
        read=False,
    ):
        """What the bridge found: `{accepted}`. Journalled when it changes; approvers are called
        when it turns bad.
        """
        self.env["mlops.model"]._require_role("bridge")
        if state not in dict(STATES):
            raise UserError(self.env._("The state must be good or bad."))
        deployment = self._known(deployment_id)
        deployment.lock_for_update(allow_referencing=True)
        deployment.invalidate_recordset()
        if int(generation) != deployment.generation or not (
            deployment.is_live or deployment.desired == "kept"
        ):
            return {"accepted": False, "reason": "StaleGeneration"}
        deployment._take_integrity(
            state,
            reason,
            message,
            (differences or [])[:DIFFERENCES_KEPT],
            put_back or [],
            witness,
            read,
        )
        return {"accepted": True}

    def _take_integrity(self, state, reason, message, differences, put_back, witness, read):
        before = self.integrity_state
        changed = before != state or (self.integrity_details or []) != differences
        now = fields.Datetime.now()
        values = {"integrity_witness": witness} if witness is not None else {}
        if read:
            values["integrity_read_at"] = now
        if changed:
            values |= {
                "integrity_state": state,
                "integrity_reason": reason or False,
                "integrity_message": message or False,
                "integrity_details": differences or False,
            }
            if before != state:
                values["integrity_since"] = now
        if values:
            keyed(self).write(values)
        if changed and (before or state == "bad"):  # that a first look found nothing is no news
            self.env["mlops.event"]._emit(
                "deployment.integrity",
                {
                    "deploymentId": self.id,
                    "environmentKind": self.environment_kind,
                    "state": state,
                    "reason": message or None,
                    "word": reason or None,
                    "differences": differences,
                    "putBack": put_back,
                },
                **self._about(),
            )
        if changed and state == "bad":
            self._call_approvers(message)
        elif changed:
            self._dismiss_approvers()
        if changed:
            self.version_id._tell_screens()
        if changed and put_back and self.is_live:
            self._order_reconcile()  # it makes sure of the rest, and tells how it stands

    def _call_approvers(self, message):
        """An activity for each approver who has none of it yet. Of a type of its own: to do it is
        no approval of anything.
        """
        version = self.version_id.with_context(mail_activity_quick_update=True)
        for user in version._approvers() - version.activity_search([INTEGRITY_ACTIVITY]).user_id:
            version.activity_schedule(
                INTEGRITY_ACTIVITY,
                user_id=user.id,
                summary=f"{self.environment_id.name}: {message or ''}"[:200],
            )

    def _dismiss_approvers(self):
        version = self.version_id.with_context(mail_activity_quick_update=True)
        if not any(one.integrity_state == "bad" for one in version.deployment_ids):
            version.activity_unlink([INTEGRITY_ACTIVITY])

    def _want(self, desired, **values):
        """What is wanted no more is not looked at either."""
        result = super()._want(desired, **values)
        gone = self.filtered(lambda one: one.desired == "removed" and one.integrity_state)
        if gone:
            keyed(gone).write(
                dict.fromkeys(
                    (
                        "integrity_state",
                        "integrity_reason",
                        "integrity_message",
                        "integrity_details",
                        "integrity_since",
                    ),
                    False,
                )
            )
            for one in gone:
                one._dismiss_approvers()
        return result

    def _view(self):
        """The condition `Integrity` beside those of the rollout."""
        view = super()._view()
        if self.integrity_state:
            good = self.integrity_state == "good"
            view["conditions"] = [
                *view["conditions"],
                {
                    "type": "Integrity",
                    "status": "True" if good else "False",
                    "reason": self.integrity_reason or ("AsApproved" if good else "Differs"),
                    "message": self.integrity_message or "",
                    "observedGeneration": self.generation,
                    "lastTransitionTime": iso(self.integrity_since),
                },
            ]
        return view
