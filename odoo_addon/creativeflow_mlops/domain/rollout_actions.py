"""What a person may do to a rollout that is under way. Pure: facts in, reasons out."""

from .allowed_actions import ROLE_NAMES, ROLE_NEEDED, SECOND_PERSON_NEEDED
from .coded_text import CodedText, code_of
from .rollout_steps import SKIPPABLE
from .transitions import APPROVER

STEERING = ("pause-rollout", "resume-rollout", "approve-step", "skip-step", "abort-rollout")


def rollout_actions(facts):
    """The actions that make sense now: list of `{name, allowed, reason, code, target, strategies,
    deploymentId, step}`.

    facts: None when nothing is under way, else deployment_id, roles, is_submitter, four_eyes,
    in_flight, paused, step (index now; None: not known), kind (of the step now), approved_step,
    skip_to.
    """
    if not facts or not facts["in_flight"]:
        return []
    names = ["resume-rollout" if facts["paused"] else "pause-rollout"]
    if facts["kind"] == "approve" and facts["step"] > facts["approved_step"]:
        names.append("approve-step")
    if facts["kind"] in SKIPPABLE and facts["step"] >= facts["skip_to"]:
        names.append("skip-step")
    return [_action(facts, name) for name in [*names, "abort-rollout"]]


def _action(facts, name):
    step = facts["step"] if name in ("approve-step", "skip-step") else None
    reason = why_not_steer(facts, name, step)
    return {
        "name": name,
        "allowed": reason is None,
        "reason": reason,
        "code": code_of(reason),
        "target": "production",
        "strategies": None,
        "deploymentId": facts["deployment_id"],
        "step": step,
    }


def why_not_steer(facts, name, step=None):
    """A CodedText that says why the person may not do it now; None when they may. `step` is the
    index they saw.
    """
    if APPROVER not in facts["roles"]:
        return CodedText(ROLE_NEEDED, f"Needs the role {ROLE_NAMES[APPROVER]}.")
    if not facts["in_flight"]:
        return CodedText("rollout-ended", "The rollout has ended; nothing is under way.")
    if name in ("approve-step", "skip-step"):
        return _why_not_step(facts, name, step)
    if name == "pause-rollout" and facts["paused"]:
        return CodedText("already-paused", "The rollout is paused already.")
    if name == "resume-rollout" and not facts["paused"]:
        return CodedText("not-paused", "The rollout is not paused.")
    return None


def _why_not_step(facts, name, step):
    if facts["step"] is None:
        return CodedText("no-step-yet", "The rollout has not begun its steps yet.")
    if step != facts["step"]:
        return CodedText(
            "other-step",
            f"The rollout is at step {facts['step'] + 1} now, not at step {step + 1}. Look "
            "again, then decide.",
        )
    if name == "approve-step" and facts["kind"] != "approve":
        return CodedText("step-without-approval", f"Step {step + 1} does not wait for a person.")
    if name == "skip-step" and facts["kind"] not in SKIPPABLE:
        return CodedText(
            "step-not-skippable",
            f"Step {step + 1} cannot be skipped: only waiting and judging can.",
        )
    if facts["four_eyes"] and facts["is_submitter"]:
        return CodedText(SECOND_PERSON_NEEDED, "Waiting for a second person: uploaded by you.")
    if (
        name == "approve-step"
        and step <= facts["approved_step"]
        or name == "skip-step"
        and step < facts["skip_to"]
    ):
        return CodedText("step-decided", f"Step {step + 1} is decided already.")
    return None
