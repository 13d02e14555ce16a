"""How a rollout ended that did not become live: by itself, or because a person wanted it."""

ABORTED = "Aborted"
OVERTAKEN = "Superseded"


def was_ended_by_a_person(code):
    """Whether a person aborted it, or wants a newer version instead: neither is a failure of the
    version. `code` is the code of the reason that the rollout ended with.
    """
    return code in (ABORTED, OVERTAKEN)
