from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..domain.allowed_actions import why_not
from ..domain.comparison import comparison
from ..domain.rollout_steps import followed_steps, in_words, steps_seconds, would_happen
from ..models.environment.environment import STRATEGIES
from ..models.version.waivers import DAYS_DEFAULT

ACTIONS = [
    ("deploy", "Approve for staging"),
    ("promote", "Promote to production"),
    ("reject", "Reject"),
    ("rollback", "Roll back"),
    ("request-waiver", "Request waiver"),
    ("accept-waiver", "Approve waiver"),
    ("refuse-waiver", "Refuse waiver"),
]
TARGETS = {"deploy": "staging", "promote": "production", "rollback": "production"}
PLANNED = ("deploy", "promote", "rollback")


class Decision(models.TransientModel):
    """The dialog in which a person decides: what changes, what the scan said, what will happen.

    It remembers the revision that was seen, and calls the method of the action.
    """

    _name = "mlops.decision"
    _description = "MLOps decision"
    _inherit = ["mlops.placed"]

    version_id = fields.Many2one("mlops.model.version", required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    seen = fields.Integer(readonly=True)
    strategy = fields.Selection(STRATEGIES)
    comment = fields.Text()
    expires_on = fields.Date(
        default=lambda self: fields.Date.context_today(self) + timedelta(days=DAYS_DEFAULT)
    )
    live_version_id = fields.Many2one(
        "mlops.model.version", string="Runs there now", compute="_compute_plan"
    )
    comparison = fields.Json(compute="_compute_plan")
    finding_ids = fields.Many2many("mlops.finding", compute="_compute_findings", string="Findings")
    consequence = fields.Char(compute="_compute_plan")
    plan = fields.Json(
        compute="_compute_plan",
        help="What a promotion would do, step by step: nothing is touched by looking at it",
    )
    strategy_refusal = fields.Char(compute="_compute_plan")
    strategies_allowed = fields.Json(
        compute="_compute_plan", help="What the environment allows: nothing else is offered"
    )
    description = fields.Text(related="version_id.description")
    artifact_ids = fields.One2many(related="version_id.artifact_ids", string="Files")

    @api.model
    def _open(self, version, action):
        """The dialog for this action on this version, as a client action. Who may not decide is
        told before they type a word.
        """
        version = version._visible(version.id)
        why = why_not(version._action_facts(), action, TARGETS.get(action))
        if why:
            raise AccessError(why)
        environment = version._environment("staging" if action == "deploy" else "production")
        decision = self.create(
            {
                "version_id": version.id,
                "action": action,
                "seen": version.lock_version,
                "strategy": environment.strategy_default if action == "promote" else False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["action"]._description_selection(self.env))[action],
            "res_model": self._name,
            "res_id": decision.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends("version_id", "action", "strategy")
    def _compute_plan(self):
        for one in self:
            version = one.version_id._seen().sudo()
            if not version:
                one.live_version_id = one.comparison = one.consequence = one.plan = (
                    one.strategy_refusal
                ) = one.strategies_allowed = False
                continue
            kind = "staging" if one.action == "deploy" else "production"
            live = version.model_id.endpoint_ids.filtered(
                lambda place, kind=kind: place.environment_kind == kind and place.is_available
            ).version_id
            then = version._rollback_version().sudo() if one.action == "rollback" else version
            one.live_version_id = live
            one.comparison = (
                comparison(live._described() if live else None, then._described())
                if then and one.action in PLANNED
                else []
            )
            one.consequence = " ".join(
                filter(None, (one._consequence(version, live, then), one._aborted(version, kind)))
            )
            one.plan = (
                one._steps_in_words(version, live)
                if one.action == "promote" and one.strategy
                else False
            )
            allowed = (version._place_policy("production") or {}).get("strategies") or []
            one.strategies_allowed = allowed
            refused = one.action == "promote" and one.strategy and one.strategy not in allowed
            one.strategy_refusal = (
                self.env._("This strategy is not allowed there. Allowed: %s.", ", ".join(allowed))
                if refused
                else False
            )

    @api.depends("version_id")
    def _compute_findings(self):
        for one in self:
            one.finding_ids = one.version_id._seen().current_finding_ids

    def _steps_in_words(self, version, live):
        """`{sentences, atLeast}`: the promotion as a dry run."""
        replicas = (version.serving or {}).get("replicas") or 1
        steps = followed_steps(
            self.strategy, version._place_policy("production")["steps"], replicas, not live
        )
        seconds = steps_seconds([{"seconds": step.get("seconds", 0)} for step in steps])
        return {
            "sentences": would_happen(steps, replicas, version.name, live.name or None),
            "atLeast": in_words(seconds) if seconds else None,
        }

    def _aborted(self, version, kind):
        """What is on its way there now gives way."""
        older = (
            self.env["mlops.deployment"]
            .sudo()
            ._in_flight(version._environment(kind), version.model_id)
            if self.action in PLANNED
            else None
        )
        return (
            self.env._(
                "The rollout of %s that is in progress there is aborted.", older.version_id.name
            )
            if older
            else None
        )

    def _consequence(self, version, live, then):
        what, before = version.display_name, live.name
        if self.action == "deploy":
            if version.image_digest:
                return self.env._("Starts %s in staging again.", what)
            return self.env._("Builds the image of %s and starts it in staging.", what)
        if self.action == "reject":
            return self.env._("%s will not proceed. The submitter will see your reason.", what)
        if self.action == "request-waiver":
            return self.env._(
                "Asks an approver to accept these findings for these exact files until the date."
            )
        if self.action == "accept-waiver":
            reason = "; ".join(
                sorted(
                    set(
                        version.waiver_ids.filtered(lambda one: one.state == "requested").mapped(
                            "reason"
                        )
                    )
                )
            )
            return self.env._(
                "Allows %(what)s to be deployed despite these findings. Reason given: %(reason)s",
                what=what,
                reason=reason,
            )
        if self.action == "refuse-waiver":
            return self.env._("The findings stand, and %s will not proceed.", what)
        if self.action == "rollback":
            return " ".join(
                filter(
                    None,
                    (
                        self.env._(
                            "Takes %(now)s out of production and restores %(back)s.",
                            now=version.name,
                            back=then.name or "?",
                        ),
                        self._gap(version),
                    ),
                )
            )
        if self.strategy == "rolling":
            if live:
                return self.env._(
                    "Replaces the pods of %(before)s with %(now)s one at a time in production.",
                    before=before,
                    now=version.name,
                )
            return self.env._(
                "Starts %s in production, pod by pod. No version is live yet.", version.name
            )
        if live and self.strategy == "recreate":
            return self.env._(
                "Stops %(before)s, then starts %(now)s in its place. The endpoint is down until "
                "%(now)s is ready; if it fails, %(before)s is restored.",
                now=version.name,
                before=before,
            )
        if live and self.strategy == "canary":
            return self.env._(
                "Sends %(now)s a small share of the traffic of %(before)s, analyses it, and "
                "continues only while it passes.",
                now=version.name,
                before=before,
            )
        if live:
            return self.env._(
                "Starts %(now)s next to %(before)s, tests it, then sends 100 %% of production "
                "traffic to %(now)s.",
                now=version.name,
                before=before,
            )
        return self.env._(
            "Starts %s, tests it, then opens it to production traffic. No version is live yet.",
            version.name,
        )

    def _gap(self, version):
        """What a rollback may cost where recreating is allowed."""
        if "recreate" not in (version._environment("production").strategies_allowed or []):
            return None
        return self.env._(
            "If both versions do not fit at once, the endpoint is down until the restored one is "
            "ready."
        )

    def confirm(self):
        """Carry the decision out; a stale or forbidden one is refused by the method itself."""
        self.ensure_one()
        versions, version_id, comment = (
            self.env["mlops.model.version"],
            self.version_id.id,
            self.comment,
        )
        if self.action == "deploy":
            versions.approve_deployment(version_id, "staging", seen=self.seen, comment=comment)
        elif self.action == "promote":
            versions.approve_promotion(
                version_id, "production", self.strategy, seen=self.seen, comment=comment
            )
        elif self.action == "reject":
            versions.reject(version_id, comment, seen=self.seen)
        elif self.action == "request-waiver":
            versions.request_waiver(version_id, comment, expires_on=self.expires_on, seen=self.seen)
        elif self.action == "accept-waiver":
            versions.accept_waiver(version_id, seen=self.seen, comment=comment)
        elif self.action == "refuse-waiver":
            versions.refuse_waiver(version_id, comment, seen=self.seen)
        else:
            versions.rollback(version_id, "production", seen=self.seen, reason=comment)
        return {"type": "ir.actions.act_window_close"}
