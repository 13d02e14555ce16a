"""What can speak against an action. Pure: each check takes the facts (see actions.py) and the
action, and answers a Sentence with a code, or None.
"""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from .rollout_steps import SKIPPABLE
from .sentence import _, coded
from .transitions import APPROVER, DATA_SCIENTIST, MANAGER

ROLE_NEEDED = "role-needed"
SECOND_PERSON_NEEDED = "second-person-needed"

ROLE_NAMES = {
    DATA_SCIENTIST: _("Data scientist"),
    APPROVER: _("Approver"),
    MANAGER: _("Manager"),
}


def has_role(facts, action):
    if set(action.roles) & set(facts["roles"]):
        return None
    # a manager may do most things: the role that is meant is named
    first, *others = [role for role in action.roles if role != MANAGER or len(action.roles) == 1]
    wanted = ROLE_NAMES[first]
    for role in others:
        wanted = _("%(some)s or %(last)s", some=wanted, last=ROLE_NAMES[role])
    return coded(ROLE_NEEDED, _("Needs the role %(role)s.", role=wanted))


def waiver_of_another(facts, _action):
    if facts["waiver"] == "own":
        return coded(SECOND_PERSON_NEEDED, _("Waiting for a second person: asked for by you."))
    return uploaded_by_another(facts, _action)


def uploaded_by_another(facts, _action):
    if facts["is_submitter"]:
        return coded(SECOND_PERSON_NEEDED, _("Waiting for a second person: uploaded by you."))
    return None


def has_environment(facts, action):
    if facts[action.target]:
        return None
    return coded(
        "no-environment",
        _("There is no %(kind)s environment. A manager must restore it.", kind=action.target),
    )


def four_eyes(facts, action):
    place = facts[action.target]
    if not place["four_eyes"] or not facts["is_submitter"]:
        return None
    if place.get("stricter"):
        why = _(
            "Waiting for a second person: uploaded by you. Four eyes were needed at the upload or "
            "since."
        )
        return coded(SECOND_PERSON_NEEDED, why)
    return uploaded_by_another(facts, action)


def is_open(facts, action):
    closed = facts[action.target]["closed"]
    return coded("environment-frozen", closed) if closed else None


def has_image(facts, _action):
    if facts["has_image"]:
        return None
    return coded("no-image", _("The image digest is not known: deploy to staging first."))


def image_contents(facts, action):
    why = facts[action.target]["inventory"]
    return coded("image-refused", why) if why else None


def has_rollback_target(facts, _action):
    if facts["rollback_to"]:
        return None
    return coded("nothing-to-roll-back-to", _("There is no earlier version to roll back to."))


def in_flight(facts, _action):
    if facts["in_flight"]:
        return None
    return coded("rollout-ended", _("The rollout has ended; nothing is in progress."))


def not_paused(facts, _action):
    return coded("already-paused", _("The rollout is already paused.")) if facts["paused"] else None


def paused(facts, _action):
    return None if facts["paused"] else coded("not-paused", _("The rollout is not paused."))


def at_this_step(facts, _action):
    """`asked_step`: the index that the person saw."""
    step, asked = facts["step"], facts["asked_step"]
    if step is None:
        return coded("no-step-yet", _("The rollout has not begun its steps yet."))
    if asked == step:
        return None
    why = _(
        "The rollout is at step %(now)s now, not at step %(seen)s. Review it, then decide again.",
        now=step + 1,
        seen=asked + 1,
    )
    return coded("other-step", why)


def waits_for_approval(facts, _action):
    if facts["kind"] == "approve":
        return None
    why = _("Step %(step)s does not wait for approval.", step=facts["step"] + 1)
    return coded("step-without-approval", why)


def is_skippable(facts, _action):
    if facts["kind"] in SKIPPABLE:
        return None
    why = _("Step %(step)s cannot be skipped: only waits and analyses can.", step=facts["step"] + 1)
    return coded("step-not-skippable", why)


def step_four_eyes(facts, action):
    return uploaded_by_another(facts, action) if facts["four_eyes"] else None


def not_approved(facts, _action):
    return _decided(facts) if facts["step"] <= facts["approved_step"] else None


def not_skipped(facts, _action):
    return _decided(facts) if facts["step"] < facts["skip_to"] else None


def _decided(facts):
    return coded("step-decided", _("Step %(step)s is decided already.", step=facts["step"] + 1))
