from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..domain.actions import ACTIONS, VERSION_ACTIONS, why_not
from ..domain.comparison import comparison
from ..domain.rollout_steps import followed_steps, steps_seconds
from ..domain.step_words import in_words, would_happen
from ..models.environment.environment import STRATEGIES
from ..models.version.waivers import DAYS_DEFAULT
from ..wording import translated


class Decision(models.TransientModel):
    """The dialog in which a person decides: what changes, what the scan said, what will happen.

    It remembers the lock version that was seen, and calls the method of the action.
    """

    _name = "mlops.decision"
    _description = "MLOps decision"
    _inherit = ["mlops.placed"]

    version_id = fields.Many2one("mlops.model.version", required=True, readonly=True)
    action = fields.Selection(
        [(one.name, one.label) for one in VERSION_ACTIONS if one.effect],
        required=True,
        readonly=True,
    )
    seen = fields.Integer(readonly=True)
    strategy = fields.Selection(STRATEGIES)
    comment = fields.Text()
    expires_on = fields.Date(
        default=lambda self: fields.Date.context_today(self) + timedelta(days=DAYS_DEFAULT)
    )
    shows_files = fields.Boolean(compute="_compute_shows")
    shows_strategy = fields.Boolean(compute="_compute_shows")
    shows_expiry = fields.Boolean(compute="_compute_shows")
    needs_words = fields.Boolean(compute="_compute_shows")
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
    def _open(self, version, name):
        """The dialog for this action on this version, as a client action. Who may not decide is
        told before they type a word.
        """
        version = version._visible(version.id)
        action = ACTIONS[name]
        why = why_not(version._action_facts(), name)
        if why:
            raise AccessError(translated(self.env, why))
        environment = version._environment(action.target or "production")
        decision = self.create(
            {
                "version_id": version.id,
                "action": name,
                "seen": version.lock_version,
                "strategy": environment.strategy_default if "strategy" in action.shows else False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["action"]._description_selection(self.env))[name],
            "res_model": self._name,
            "res_id": decision.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends("action")
    def _compute_shows(self):
        for one in self:
            action = ACTIONS[one.action]
            one.shows_files = "files" in action.shows
            one.shows_strategy = "strategy" in action.shows
            one.shows_expiry = "expiry" in action.shows
            one.needs_words = action.needs_words

    @api.depends("version_id", "action", "strategy")
    @api.depends_context("lang")
    def _compute_plan(self):
        for one in self:
            version = one.version_id._seen().sudo()
            if not version:
                one.live_version_id = one.comparison = one.consequence = one.plan = (
                    one.strategy_refusal
                ) = one.strategies_allowed = False
                continue
            action = ACTIONS[one.action]
            live = one._live(version, action.target or "production")
            back = version._rollback_version().sudo() if action.brings_back else version
            one.live_version_id = live
            one.comparison = one._comparison(action, live, back)
            one.consequence = one._consequence(version, live, back)
            picks = "strategy" in action.shows and one.strategy
            policy = version._place_policy("production") or {}
            one.plan = one._plan(version, live, policy["steps"]) if picks else False
            allowed = policy.get("strategies") or []
            one.strategies_allowed = allowed
            one.strategy_refusal = (
                self.env._("This strategy is not allowed there. Allowed: %s.", ", ".join(allowed))
                if picks and one.strategy not in allowed
                else False
            )

    @api.depends("version_id")
    def _compute_findings(self):
        for one in self:
            one.finding_ids = one.version_id._seen().current_finding_ids

    def _live(self, version, kind):
        return version.model_id.endpoint_ids.filtered(
            lambda place: place.environment_kind == kind and place.is_available
        ).version_id

    def _comparison(self, action, live, then):
        if not then or "comparison" not in action.shows:
            return []
        return comparison(live._described() if live else None, then._described())

    def _plan(self, version, live, canary):
        """`{sentences, atLeast}`: the promotion as a dry run."""
        replicas = (version.serving or {}).get("replicas") or 1
        steps = followed_steps(self.strategy, canary, replicas, not live)
        seconds = steps_seconds([{"seconds": step.get("seconds", 0)} for step in steps])
        sentences = would_happen(steps, replicas, version.name, live.name or None)
        return {
            "sentences": [translated(self.env, sentence) for sentence in sentences],
            "atLeast": in_words(seconds) if seconds else None,
        }

    def _consequence(self, version, live, back):
        """What will happen, and the rollout that gives way to it."""
        action = ACTIONS[self.action]
        asked = version.waiver_ids.filtered(lambda one: one.state == "requested")
        allowed = version._environment("production").strategies_allowed or []
        effect = action.effect(
            {
                "what": version.display_name,
                "version": version.name,
                "live": live.name or None,
                "back": back.name or None,
                "has_image": bool(version.image_digest),
                "strategy": self.strategy,
                "may_have_gap": "recreate" in allowed,
                "reasons": "; ".join(sorted(set(asked.mapped("reason")))),
            }
        )
        return " ".join(
            filter(None, (translated(self.env, effect), self._aborted(version, action)))
        )

    def _aborted(self, version, action):
        if not action.target:
            return None
        older = (
            self.env["mlops.deployment"]
            .sudo()
            ._in_flight(version._environment(action.target), version.model_id)
        )
        if not older:
            return None
        return self.env._(
            "The rollout of %s that is in progress there is aborted.", older.version_id.name
        )

    def confirm(self):
        """Carry the decision out; a stale or forbidden one is refused by the method itself."""
        self.ensure_one()
        action = ACTIONS[self.action]
        given = {"seen": self.seen, action.words: self.comment}
        if action.target:
            given["target"] = action.target
        if "strategy" in action.shows:
            given["strategy"] = self.strategy
        if "expiry" in action.shows:
            given["expires_on"] = self.expires_on
        getattr(self.env[action.record], action.method)(self.version_id.id, **given)
        return {"type": "ir.actions.act_window_close"}
