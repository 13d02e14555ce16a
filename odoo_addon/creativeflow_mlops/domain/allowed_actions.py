"""Which actions make sense for a version now, and whether this person may take them. Pure: facts
in, reasons out.
"""

from .coded_text import CodedText, code_of
from .transitions import APPROVER, DATA_SCIENTIST, MANAGER, TRANSITIONS, may_follow

ROLE_NEEDED = "role-needed"
SECOND_PERSON_NEEDED = "second-person-needed"

WAIVER_ROLES = {
    "request-waiver": (DATA_SCIENTIST, MANAGER),
    "accept-waiver": (APPROVER,),
    "refuse-waiver": (APPROVER,),
}
ROLE_NAMES = {"data_scientist": "Data scientist", "approver": "Approver", "manager": "Manager"}


def allowed_actions(facts):
    """List of `{name, allowed, reason, code, target, strategies}`.

    facts: status, roles, is_submitter, waiver: None (nothing to waive), "open" (may be asked for),
    "own" (asked for by this person) or "asked" (by another), staging and production: {four_eyes,
    strategies, strategy, in_flight, closed, inventory, steps, own_steps} or None, strategy is the
    one that the environment takes when nobody chooses. in_flight is the name of the version on its
    way there, which a newer wish takes the place of; closed says why nothing new goes there now.
    has_image, rollback_to (name of the version that a rollback brings back, or None).
    """
    actions = []
    if may_follow("deploy", facts["status"]):
        actions.append(_action(facts, "deploy", "staging"))
    if facts["status"] == "Validated":
        actions.append(_action(facts, "reject"))
    if may_follow("promote", facts["status"]):
        actions.append(_action(facts, "promote", "production"))
    if facts["status"] == "Live":
        actions.append(_action(facts, "rollback", "production"))
    if facts["status"] == "ValidationFailed" and facts["waiver"]:
        names = (
            ("request-waiver",) if facts["waiver"] == "open" else ("accept-waiver", "refuse-waiver")
        )
        actions += [_action(facts, name) for name in names]
    if may_follow("rescan", facts["status"]):
        actions.append(_action(facts, "rescan"))
    if may_follow("archive", facts["status"]):
        actions.append(_action(facts, "archive"))
    return actions


def _action(facts, name, target=None):
    reason = why_not(facts, name, target)
    place = facts.get(target) if target else None
    strategies = (
        place["strategies"] if place and name in ("deploy", "promote", "rollback") else None
    )
    action = {
        "name": name,
        "allowed": reason is None,
        "reason": reason,
        "code": code_of(reason),
        "target": target,
        "strategies": strategies,
    }
    if strategies:
        action.update(supersedes=place["in_flight"])
    if name == "promote" and place:
        action.update(steps=place["steps"], ownSteps=place["own_steps"], strategy=place["strategy"])
    if name == "rollback":
        action.update(bringsBack=facts["rollback_to"])
    return action


def why_not(facts, name, target=None):
    """A CodedText that says why the person may not do it now; None when they may."""
    wanted = WAIVER_ROLES.get(name) or TRANSITIONS[name].who
    if not set(wanted) & set(facts["roles"]):
        names = " or ".join(
            ROLE_NAMES[role]
            for role in wanted
            if role in ROLE_NAMES and (role != MANAGER or len(wanted) == 1)
        )
        return CodedText(ROLE_NEEDED, f"Needs the role {names}.")
    if name == "accept-waiver" and facts["waiver"] == "own":
        return CodedText(SECOND_PERSON_NEEDED, "Waiting for a second person: asked for by you.")
    if name == "accept-waiver" and facts["is_submitter"]:
        return CodedText(SECOND_PERSON_NEEDED, "Waiting for a second person: uploaded by you.")
    if not target:
        return None
    place = facts[target]
    if not place:
        return CodedText(
            "no-environment", f"There is no {target} environment. A manager must restore it."
        )
    if name != "rollback" and place["four_eyes"] and facts["is_submitter"]:
        since = " Four eyes were needed at the upload or since." if place.get("stricter") else ""
        return CodedText(
            SECOND_PERSON_NEEDED, f"Waiting for a second person: uploaded by you.{since}"
        )
    if name != "rollback" and place["closed"]:
        return CodedText("environment-frozen", place["closed"])
    if name == "promote" and not facts["has_image"]:
        return CodedText("no-image", "The image digest is not known: deploy to staging first.")
    if name == "promote" and place["inventory"]:
        return CodedText("image-refused", place["inventory"])
    if name == "rollback" and not facts["rollback_to"]:
        return CodedText("nothing-to-roll-back-to", "There is no earlier version to go back to.")
    return None
