from datetime import timedelta

from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...domain.rollout_steps import steps_seconds
from .environment import STRATEGIES

LOOK_AHEAD = timedelta(days=31)
ALLOW = {
    "rolling": "allow_rolling",
    "blue-green": "allow_blue_green",
    "canary": "allow_canary",
    "recreate": "allow_recreate",
}


class EnvironmentPolicy(models.Model):
    """When nothing new goes there, and the editor of the strategies allowed there."""

    _inherit = "mlops.environment"

    # a compute method each: what is written to one must leave the others readable
    allow_rolling = fields.Boolean(
        "Rolling allowed", compute="_compute_allow_rolling", inverse="_inverse_allowed"
    )
    allow_blue_green = fields.Boolean(
        "Blue-green allowed", compute="_compute_allow_blue_green", inverse="_inverse_allowed"
    )
    allow_canary = fields.Boolean(
        "Canary allowed", compute="_compute_allow_canary", inverse="_inverse_allowed"
    )
    allow_recreate = fields.Boolean(
        "Recreate allowed",
        compute="_compute_allow_recreate",
        inverse="_inverse_allowed",
        help="For clusters with no spare capacity: the old pods stop first, and the endpoint is "
        "down until the new version is ready. A rollback that does not fit otherwise is made "
        "the same way",
    )
    strategies_in_brief = fields.Char(
        "Strategies allowed", compute="_compute_strategies_in_brief", store=True, tracking=True
    )
    freeze_from = fields.Datetime(
        "Frozen from",
        tracking=True,
        help="New deployments are blocked from this time. Rollbacks and aborts are still possible",
    )
    freeze_until = fields.Datetime(
        "Frozen until", tracking=True, help="Empty: until a manager ends it"
    )
    freeze_reason = fields.Char(
        "Why it is frozen", tracking=True, help="Read by whoever wants to promote meanwhile"
    )

    open_calendar_id = fields.Many2one(
        "resource.calendar",
        "Open hours",
        tracking=True,
        ondelete="restrict",
        check_company=True,
        help="New versions go there in these hours alone, its days off left out. Empty: at any "
        "time. Rolling back and aborting go on",
    )
    queue_minutes = fields.Integer(
        "Queue for capacity",
        default=0,
        tracking=True,
        help="How long a deployment may queue for GPUs or quota, in minutes. 0: it is refused at "
        "once",
    )

    _queue_limits = models.Constraint(
        "CHECK (queue_minutes BETWEEN 0 AND 10080)",
        "Queueing takes from 0 minutes to a week.",
    )
    _freeze_order = models.Constraint(
        "CHECK (freeze_from IS NOT NULL OR freeze_until IS NULL)",
        "A freeze that ends also begins: say from when.",
    )
    _freeze_span = models.Constraint(
        "CHECK (freeze_until > freeze_from)", "A freeze ends after it begins."
    )

    @api.depends("strategies_allowed")
    def _compute_allow_rolling(self):
        self._show_allowed("rolling")

    @api.depends("strategies_allowed")
    def _compute_allow_blue_green(self):
        self._show_allowed("blue-green")

    @api.depends("strategies_allowed")
    def _compute_allow_canary(self):
        self._show_allowed("canary")

    @api.depends("strategies_allowed")
    def _compute_allow_recreate(self):
        self._show_allowed("recreate")

    def _show_allowed(self, name):
        for environment in self:
            environment[ALLOW[name]] = name in (environment.strategies_allowed or [])

    def _inverse_allowed(self):
        for environment in self:
            environment.strategies_allowed = [
                name for name, field in ALLOW.items() if environment[field]
            ]

    @api.depends("strategies_allowed")
    def _compute_strategies_in_brief(self):
        names = dict(STRATEGIES)
        for environment in self:
            environment.strategies_in_brief = ", ".join(
                names.get(name, name) for name in environment.strategies_allowed or []
            )

    @api.constrains("freeze_from", "freeze_reason")
    def _check_freeze(self):
        for environment in self:
            if environment.freeze_from and not (environment.freeze_reason or "").strip():
                raise ValidationError(
                    self.env._("Say why it is frozen: everybody who wants to promote reads it.")
                )

    def _freeze_refusal(self, now):
        """The sentence that refuses what is new there at this time; None when it is not frozen."""
        if (
            not self.freeze_from
            or now < self.freeze_from
            or self.freeze_until
            and now >= self.freeze_until
        ):
            return None
        given = {"place": self.name, "reason": self.freeze_reason}
        if not self.freeze_until:
            return self.env._("%(place)s is frozen until a manager ends it: %(reason)s", **given)
        return self.env._(
            "%(place)s is frozen until %(time)s UTC: %(reason)s",
            time=f"{self.freeze_until:%Y-%m-%d %H:%M}",
            **given,
        )

    def _hours_refusal(self, now):
        """The sentence that refuses what is new there outside its open hours; None within them, or
        when it has none.
        """
        calendar = self.open_calendar_id
        if not calendar:
            return None
        start = now.replace(tzinfo=UTC)
        opens = next(
            (
                begin
                for begin, _end, _what in calendar._work_intervals_batch(start, start + LOOK_AHEAD)[
                    False
                ]
            ),
            None,
        )
        if opens and opens <= start:
            return None
        zone = calendar.tz or "UTC"
        given = {"place": self.name, "calendar": calendar.name}
        if not opens:
            return self.env._(
                "%(place)s takes new versions only in the hours of “%(calendar)s”. It does not "
                "open within a month.",
                **given,
            )
        local = opens.astimezone(timezone(zone))
        return self.env._(
            "%(place)s takes new versions only in the hours of “%(calendar)s”. It opens on "
            "%(day)s, %(date)s at %(time)s (%(zone)s).",
            day=format_date(self.env, local, date_format="EEEE"),
            date=f"{local:%Y-%m-%d}",
            time=f"{local:%H:%M}",
            zone=zone,
            **given,
        )

    def _closed(self, now):
        """Why nothing new goes there now; None when it does."""
        return self._freeze_refusal(now) or self._hours_refusal(now)

    def _ready_seconds(self, steps):
        """How long a rollout of these steps may take, with the time that it may wait for room."""
        return self.ready_deadline_seconds + steps_seconds(steps) + self.queue_minutes * 60
