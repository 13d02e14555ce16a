"""How a rollout ended that did not become live: by itself, or because a person wanted it."""

# the codes that such a reason begins with: they are not translated
ABORTED = "Aborted"
OVERTAKEN = "Superseded"


def was_ended_by_a_person(reason):
    """Whether a person aborted it, or wants a newer version instead: neither is a failure of the
    version.
    """
    return (reason or "").startswith((f"{ABORTED} by ", f"{OVERTAKEN}: "))
