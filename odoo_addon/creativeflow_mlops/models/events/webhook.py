import json
import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...domain.iso_time import iso


class Webhook(models.Model):
    """An address that is told when an endpoint changes. The bridge signs and delivers, and reports
    how it went.
    """

    _name = "mlops.webhook"
    _description = "MLOps webhook"
    _inherit = ["mlops.placed"]
    _order = "name"

    name = fields.Char(required=True)
    url = fields.Char("URL", required=True)
    secret = fields.Char(
        required=True,
        copy=False,
        default=lambda self: secrets.token_urlsafe(32),
        groups="creativeflow_mlops.group_manager",
        help="Signs each delivery (HMAC-SHA256)",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    last_status = fields.Char(readonly=True, copy=False)
    last_at = fields.Datetime(readonly=True, copy=False)

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            if not webhook.url.startswith(("http://", "https://")):
                raise ValidationError(
                    self.env._("A webhook's address starts with https:// or http://.")
                )

    @api.model
    def deliveries(self, event_id):
        """For the bridge: what to send where for this event; the body is the exact text to sign and
        send.
        """
        self.env["mlops.model"]._require_role("bridge")
        event = self.env["mlops.event"].sudo().browse(int(event_id)).exists()
        if not event or event.topic != "endpoint.changed":
            return []
        body = json.dumps(
            {
                "eventId": event.id,
                "topic": event.topic,
                "at": iso(event.create_date),
                "endpoint": event.payload,
            },
            sort_keys=True,
        )
        subscribers = self.sudo().search([("company_id", "=", event.company_id.id)])
        return [
            {"webhookId": one.id, "url": one.url, "secret": one.secret, "body": body}
            for one in subscribers
        ]

    @api.model
    def report_delivery(self, webhook_id, event_id, status, message=None):
        """For the bridge: how a delivery ended. `status` is an HTTP status or a word, `message`
        says more.
        """
        self.env["mlops.model"]._require_role("bridge")
        webhook = self.sudo().with_context(active_test=False).search([("id", "=", int(webhook_id))])
        webhook.write(
            {
                "last_status": f"{status} {message or ''}".strip()[:500],
                "last_at": fields.Datetime.now(),
            }
        )
        return {"accepted": bool(webhook)}
