"""The one table of what a person may do. A new action is a row here, the method that it names and
its button in the form: offers, refusals, dialogs and buttons follow from the row.

facts of a version: status, roles, is_submitter, waiver: None (nothing to waive), "open" (may be
asked for), "own" (asked for by this person) or "asked" (by another); has_image; rollback_to (name
of the version that a rollback brings back, or None); staging and production: {four_eyes, stricter,
strategies, strategy, in_flight, closed, inventory, steps, own_steps} or None. strategy is what the
environment takes when nobody chooses; in_flight the version on its way there, whose place a newer
one takes; closed says why nothing new goes there now.

facts of a rollout: deployment_id, roles, is_submitter, four_eyes, in_flight, paused, step (index
now; None: not known), kind (of the step now), approved_step, skip_to.
"""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from collections.abc import Callable
from typing import NamedTuple

from . import action_checks as checks
from . import action_effects as effects
from .rollout_steps import SKIPPABLE
from .sentence import _, code_of
from .transitions import APPROVER, DATA_SCIENTIST, MANAGER, TRANSITIONS, may_follow, refusal

VERSION, DEPLOYMENT = "mlops.model.version", "mlops.deployment"


class Action(NamedTuple):
    """`record` has the `method` that carries it out; `offered`: it makes sense now, whoever asks;
    `checks` are asked after the role, in order.
    """

    name: str
    label: str
    record: str
    method: str
    roles: tuple
    offered: Callable[[dict], bool]
    checks: tuple = ()
    target: str | None = None
    # the dialog: what it says, what it shows, and the parameter that takes the person's words;
    # without an effect there is no dialog
    effect: Callable[[dict], str] | None = None
    shows: tuple = ()
    words: str | None = None
    needs_words: bool = False
    is_danger: bool = False
    # the next step on the way to live: a refusal is told on the form
    advances: bool = False
    # where `action_NAME` is taken: every model of Odoo has an `action_archive`
    button_method: str | None = None

    @property
    def field(self):
        """The field that says whether its button is shown."""
        return f"can_{self._stem}"

    @property
    def button(self):
        """The method that its button calls."""
        return self.button_method or f"action_{self._stem}"

    @property
    def _stem(self):
        return self.name.removesuffix("-rollout").replace("-", "_")

    @property
    def has_step(self):
        return checks.at_this_step in self.checks

    @property
    def brings_back(self):
        """Another version is deployed than the one that is acted on."""
        return checks.has_rollback_target in self.checks


def _from(name):
    return lambda facts: may_follow(name, facts["status"])


def _waiver(*standings):
    return lambda facts: facts["status"] == "ValidationFailed" and facts["waiver"] in standings


PLACE = (checks.has_environment, checks.four_eyes, checks.is_open)
STEP = (checks.in_flight, checks.at_this_step)
ROWS = (
    Action(
        *("deploy", "Approve for staging", VERSION, "approve_deployment"),
        TRANSITIONS["deploy"].who,
        offered=_from("deploy"),
        checks=PLACE,
        target="staging",
        effect=effects.deploy,
        shows=("files", "comparison"),
        words="comment",
        advances=True,
    ),
    Action(
        *("reject", "Reject", VERSION, "reject"),
        TRANSITIONS["reject"].who,
        offered=_from("reject"),
        effect=effects.reject,
        words="reason",
        needs_words=True,
    ),
    Action(
        *("promote", "Promote to production", VERSION, "approve_promotion"),
        TRANSITIONS["promote"].who,
        offered=_from("promote"),
        checks=(*PLACE, checks.has_image, checks.image_contents),
        target="production",
        effect=effects.promote,
        shows=("files", "comparison", "strategy"),
        words="comment",
        advances=True,
    ),
    Action(
        *("rollback", "Roll back", VERSION, "rollback"),
        TRANSITIONS["rollback"].who,
        offered=lambda facts: facts["status"] == "Live",
        checks=(checks.has_environment, checks.has_rollback_target),
        target="production",
        effect=effects.rollback,
        shows=("comparison",),
        words="reason",
    ),
    Action(
        *("request-waiver", "Request waiver", VERSION, "request_waiver"),
        (DATA_SCIENTIST, MANAGER),
        offered=_waiver("open"),
        effect=effects.request_waiver,
        shows=("expiry",),
        words="reason",
        needs_words=True,
    ),
    Action(
        *("accept-waiver", "Approve waiver", VERSION, "accept_waiver"),
        (APPROVER,),
        offered=_waiver("own", "asked"),
        checks=(checks.waiver_of_another,),
        effect=effects.accept_waiver,
        shows=("files",),
        words="comment",
        advances=True,
    ),
    Action(
        *("refuse-waiver", "Refuse waiver", VERSION, "refuse_waiver"),
        (APPROVER,),
        offered=_waiver("own", "asked"),
        effect=effects.refuse_waiver,
        words="reason",
        needs_words=True,
    ),
    Action(
        *("rescan", "Scan again", VERSION, "rescan"),
        TRANSITIONS["rescan"].who,
        offered=_from("rescan"),
    ),
    Action(
        *("archive", "Archive", VERSION, "archive_version"),
        TRANSITIONS["archive"].who,
        offered=_from("archive"),
        button_method="action_archive_version",
    ),
    Action(
        *("pause-rollout", "Pause", DEPLOYMENT, "pause"),
        (APPROVER,),
        offered=lambda facts: not facts["paused"],
        checks=(checks.in_flight, checks.not_paused),
    ),
    Action(
        *("resume-rollout", "Resume", DEPLOYMENT, "resume"),
        (APPROVER,),
        offered=lambda facts: facts["paused"],
        checks=(checks.in_flight, checks.paused),
    ),
    Action(
        *("approve-step", "Approve step", DEPLOYMENT, "approve_step"),
        (APPROVER,),
        offered=lambda facts: facts["kind"] == "approve" and facts["step"] > facts["approved_step"],
        checks=(
            *STEP,
            checks.waits_for_approval,
            checks.step_four_eyes,
            checks.not_approved,
        ),
    ),
    Action(
        *("skip-step", "Skip step", DEPLOYMENT, "skip_step"),
        (APPROVER,),
        offered=lambda facts: facts["kind"] in SKIPPABLE and facts["step"] >= facts["skip_to"],
        checks=(*STEP, checks.is_skippable, checks.step_four_eyes, checks.not_skipped),
        effect=effects.skip_step,
        words="reason",
        needs_words=True,
    ),
    Action(
        *("abort-rollout", "Abort", DEPLOYMENT, "abort"),
        (APPROVER,),
        offered=lambda _facts: True,
        checks=(checks.in_flight,),
        effect=effects.abort,
        words="reason",
        needs_words=True,
        is_danger=True,
    ),
)
ACTIONS = {one.name: one for one in ROWS}
VERSION_ACTIONS = tuple(one for one in ROWS if one.record == VERSION)
ROLLOUT_ACTIONS = tuple(one for one in ROWS if one.record == DEPLOYMENT)


def why_not(facts, name):
    """A Sentence that says why the person may not do it now; None when they may."""
    action = ACTIONS[name]
    for check in (checks.has_role, *action.checks):
        why = check(facts, action)
        if why:
            return why
    return None


def status_refusal(name, status):
    """Why the version's status does not allow it, as a Sentence; None when it does."""
    if name != "rollback":
        return refusal(name, status)
    # the transition of this name is that of the version that comes back
    if status == "Live":
        return None
    return _("The version is %(status)s; only what is Live can be rolled back.", status=status)


def allowed_actions(facts):
    """What makes sense for the version now: list of `{name, allowed, reason, code, target,
    strategies}`, some with more, as docs/odoo-api.md says.
    """
    return [_offer(facts, one) for one in VERSION_ACTIONS if one.offered(facts)]


def rollout_actions(facts):
    """The same for the rollout that is under way, with `deploymentId` and `step`; facts: None when
    none is.
    """
    if not facts or not facts["in_flight"]:
        return []
    return [_rollout_offer(facts, one) for one in ROLLOUT_ACTIONS if one.offered(facts)]


def _offer(facts, action):
    place = facts.get(action.target) if action.target else None
    offer = _judged(facts, action, place["strategies"] if place else None)
    if place and place["strategies"]:
        offer["supersedes"] = place["in_flight"]
    if place and "strategy" in action.shows:
        offer.update(steps=place["steps"], ownSteps=place["own_steps"], strategy=place["strategy"])
    if action.brings_back:
        offer["bringsBack"] = facts["rollback_to"]
    return offer


def _rollout_offer(facts, action):
    step = facts["step"] if action.has_step else None
    return {
        **_judged({**facts, "asked_step": step}, action, None, "production"),
        "deploymentId": facts["deployment_id"],
        "step": step,
    }


def _judged(facts, action, strategies, target=None):
    why = why_not(facts, action.name)
    return {
        "name": action.name,
        "allowed": why is None,
        "reason": why,
        "code": code_of(why),
        "target": target or action.target,
        "strategies": strategies,
    }
