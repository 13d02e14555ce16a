import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...domain.iso_time import iso
from ..database.journal_guard import LEAST_DAYS, guard_journal
from ..mixins.big_integer import BigInteger
from ..mixins.protected_fields import refuse_evaluated

CHANNEL = "mlops_event"
COMMANDS = ("scan", "build", "inventory", "reconcile", "webhook")


class Event(models.Model):
    """The journal and the outbox in one table: append-only for everyone, written in the transaction
    of the change.

    `_emit` inserts the row and wakes the relay with pg_notify, which PostgreSQL delivers at commit
    and not at all after a rollback. The relay alone sets position, dispatched_at and done_at, with
    SQL; triggers hold everything else.
    """

    _name = "mlops.event"
    _description = "MLOps event"
    _inherit = ["mlops.placed"]
    _order = "id desc"
    _rec_name = "topic"

    topic = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    team_id = fields.Many2one("mlops.team", readonly=True, ondelete="restrict")
    model_id = fields.Many2one(
        "mlops.model", readonly=True, ondelete="set null", index="btree_not_null"
    )
    version_id = fields.Many2one(
        "mlops.model.version", readonly=True, ondelete="set null", index="btree_not_null"
    )
    deployment_id = fields.Many2one("mlops.deployment", readonly=True, ondelete="set null")
    endpoint_id = fields.Many2one("mlops.endpoint", readonly=True, ondelete="set null")
    actor_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    payload = fields.Json(readonly=True)
    command = fields.Selection([(name, name) for name in COMMANDS], readonly=True)
    command_key = fields.Char(readonly=True)
    generation = fields.Integer(readonly=True)
    txid = BigInteger(
        readonly=True,
        help="The transaction that wrote it: what changed a state wrote its row as well",
    )
    position = BigInteger(readonly=True, help="Place in the stream, given by the relay")
    dispatched_at = fields.Datetime(readonly=True)
    done_at = fields.Datetime(readonly=True)

    _position_unique = models.UniqueIndex("(position) WHERE position IS NOT NULL")
    _unplaced_idx = models.Index("(id) WHERE position IS NULL")
    _txid_idx = models.Index("(txid)")
    _undone_idx = models.Index("(id) WHERE command IS NOT NULL AND done_at IS NULL")
    _command_has_key = models.Constraint(
        "CHECK ((command IS NULL) = (command_key IS NULL))",
        "A command names what it is about.",
    )

    def init(self):
        result = super().init()
        guard_journal(self.env.cr)
        return result

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise AccessError(self.env._("The journal is written by the actions alone."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("The journal is append-only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("The journal is append-only."))

    @api.model
    def _emit(self, topic, payload=None, *, command=None, key=None, generation=None, **about):
        """Append one event; `about` names records: model_id, version_id, deployment_id,
        endpoint_id, company_id, team_id.

        Returns its id. The row and its notification exist only if this transaction commits.
        """
        refuse_evaluated(self.env)
        self.env.flush_all()  # rows that this one refers to
        ids = {name: record.id or None for name, record in about.items()}
        self.env.cr.execute(
            """INSERT INTO mlops_event (topic, payload, command, command_key, generation, actor_id, company_id, team_id, model_id,
                                        version_id, deployment_id, endpoint_id, create_uid, create_date, write_uid, write_date)
               VALUES (%(topic)s, %(payload)s, %(command)s, %(key)s, %(generation)s, %(uid)s, %(company_id)s, %(team_id)s, %(model_id)s,
                       %(version_id)s, %(deployment_id)s, %(endpoint_id)s, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                       now() AT TIME ZONE 'UTC')
               RETURNING id""",
            {
                **dict.fromkeys(
                    (
                        "company_id",
                        "team_id",
                        "model_id",
                        "version_id",
                        "deployment_id",
                        "endpoint_id",
                    )
                ),
                **ids,
                "topic": topic,
                "payload": json.dumps(payload or {}),
                "command": command,
                "key": key,
                "generation": generation,
                "uid": self.env.uid,
            },
        )
        event_id = self.env.cr.fetchone()[0]
        self.env.cr.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(event_id)])
        return event_id

    @api.model
    def list_page(self, after=0, limit=200, model_id=None, version_id=None):
        """Events that the user may see, after a position, in the order of the stream: `{items,
        position}`.
        """
        domain = [("position", ">", after), ("command", "=", False)]
        if model_id:
            domain.append(("model_id", "=", model_id))
        if version_id:
            domain.append(("version_id", "=", version_id))
        events = self.search(domain, order="position", limit=max(1, min(int(limit), 1000)))
        items = [event._view() for event in events.sudo()]
        return {"items": items, "position": items[-1]["position"] if items else after}

    def _view(self):
        return {
            "position": self.position,
            "id": self.id,
            "at": iso(self.create_date),
            "topic": self.topic,
            "modelId": self.model_id.id or None,
            "versionId": self.version_id.id or None,
            "deploymentId": self.deployment_id.id or None,
            "endpointId": self.endpoint_id.id or None,
            "actor": self.actor_id.name or None,
            "payload": self.payload or {},
        }

    @api.autovacuum
    def _remove_old_events(self):
        """Events older than the parameter `creativeflow_mlops.event_days` (default 365) that the
        bridge is done with.
        """
        days = int(
            self.env["ir.config_parameter"].sudo().get_param("creativeflow_mlops.event_days", "365")
        )
        days = max(days, LEAST_DAYS)  # the database lets go of nothing younger
        self.env.cr.execute("SELECT set_config('creativeflow.retention', 'on', true)")
        self.env.cr.execute(
            """DELETE FROM mlops_event WHERE create_date < now() AT TIME ZONE 'UTC' - make_interval(days => %s)
               AND position IS NOT NULL AND (command IS NULL OR done_at IS NOT NULL)""",
            [days],
        )
        self.env.cr.execute("SELECT set_config('creativeflow.retention', 'off', true)")
        self.env.invalidate_all()
