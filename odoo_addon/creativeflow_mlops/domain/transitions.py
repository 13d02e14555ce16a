"""The one table of how a version's status changes. Whatever changes a status names a row of it."""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from typing import NamedTuple

from .sentence import _

STATUSES = [
    ("Validating", "Validating"),
    ("Validated", "Validated"),
    ("ValidationFailed", "Validation failed"),
    ("PendingStagingDeployment", "Pending staging deployment"),
    ("Staging", "Staging"),
    ("StagingFailed", "Staging failed"),
    ("PendingProdDeployment", "Pending production deployment"),
    ("Live", "Live"),
    ("ProdFailed", "Production failed"),
    ("Superseded", "Superseded"),
    ("Archived", "Archived"),
]
STATUS_NAMES = tuple(name for name, _label in STATUSES)

DATA_SCIENTIST = "data_scientist"
APPROVER = "approver"
MANAGER = "manager"
BRIDGE = "bridge"
CLOCK = "clock"


class Transition(NamedTuple):
    """`who` are the roles of which one is needed; a transition of the bridge or of the clock is
    refused to people.
    """

    sources: tuple
    target: str
    who: tuple
    when: str


TRANSITIONS = {
    "validated": Transition(("Validating",), "Validated", (BRIDGE,), "the scan passed"),
    "validation_failed": Transition(
        ("Validating",),
        "ValidationFailed",
        (BRIDGE, CLOCK),
        "the scan did not pass, or did not end in time",
    ),
    "waiver_accepted": Transition(
        ("ValidationFailed",),
        "Validated",
        (APPROVER,),
        "every finding to review was accepted, by another person than asked for it and uploaded it",
    ),
    "waiver_expired": Transition(
        ("Validated",),
        "ValidationFailed",
        (CLOCK,),
        "what was accepted expired before the version was deployed",
    ),
    "rules_changed": Transition(
        ("Validated",),
        "ValidationFailed",
        (BRIDGE,),
        "under the new rules of the scan it does not pass any more",
    ),
    "rescan": Transition(
        ("Validated", "ValidationFailed"),
        "Validating",
        (DATA_SCIENTIST, MANAGER),
        "a new scan is wanted",
    ),
    "reject": Transition(("Validated",), "ValidationFailed", (APPROVER,), "an approver says no"),
    "deploy": Transition(
        ("Validated", "StagingFailed", "Staging", "Superseded"),
        "PendingStagingDeployment",
        (APPROVER,),
        "approved for staging; not by the submitter where the environment wants four eyes",
    ),
    "staging_ready": Transition(
        ("PendingStagingDeployment",), "Staging", (BRIDGE,), "ready on staging"
    ),
    "staging_failed": Transition(
        ("PendingStagingDeployment",),
        "StagingFailed",
        (BRIDGE, CLOCK),
        "build or deployment failed, or was not ready in time",
    ),
    "promote": Transition(
        ("Staging", "ProdFailed"),
        "PendingProdDeployment",
        (APPROVER,),
        "approved for production, image digest known; not by the submitter where the "
        "environment wants four eyes",
    ),
    "rollback": Transition(
        ("Superseded",),
        "PendingProdDeployment",
        (APPROVER,),
        "the version live now is rolled back to this one",
    ),
    "live": Transition(("PendingProdDeployment",), "Live", (BRIDGE,), "ready on production"),
    "prod_failed": Transition(
        ("PendingProdDeployment",),
        "ProdFailed",
        (BRIDGE, CLOCK),
        "the deployment failed, or was not ready in time",
    ),
    "supersede": Transition(("Live",), "Superseded", (BRIDGE,), "another version became live"),
    "archive": Transition(
        ("Validated", "ValidationFailed", "Staging", "StagingFailed", "ProdFailed", "Superseded"),
        "Archived",
        (MANAGER,),
        "no longer wanted",
    ),
}


class State(NamedTuple):
    """A column whose changes the database holds to `pairs`; `journal` says which rows of the
    journal tell of one.
    """

    table: str
    column: str
    initial: str
    pairs: frozenset
    journal: str


def _pairs(table):
    return frozenset((before, after) for before, afters in table.items() for after in afters)


STATUS_PAIRS = frozenset(
    (source, one.target) for one in TRANSITIONS.values() for source in one.sources
)
_LIVING = ("Progressing", "Ready", "Failed", "Superseded", "Removed")
STATES = (
    State("mlops_model_version", "status", "Validating", STATUS_PAIRS, "version"),
    State(
        "mlops_deployment",
        "desired",
        "serving",
        _pairs({"serving": ("kept", "removed"), "kept": ("removed",)}),
        "deployment",
    ),
    State(
        "mlops_deployment",
        "phase",
        "Pending",
        _pairs(
            {
                "Pending": ("Building", *_LIVING),
                "Building": ("Pending", *_LIVING),
                "Progressing": ("Ready", "Failed", "Superseded", "Removed"),
                "Ready": ("Progressing", "Failed", "Superseded", "Removed"),
                "Failed": ("Progressing", "Ready", "Superseded"),
                "Superseded": ("Removed",),
            }
        ),
        "deployment",
    ),
    State(
        "mlops_deployment",
        "is_live",
        "false",
        _pairs({"false": ("true",), "true": ("false",)}),
        "deployment",
    ),
    State(
        "mlops_waiver",
        "state",
        "requested",
        _pairs({"requested": ("accepted", "refused"), "accepted": ("expired",)}),
        "waiver",
    ),
    State(
        "mlops_request",
        "state",
        "accepted",
        _pairs({"accepted": ("refused", "done", "failed")}),
        "request",
    ),
    State(
        "mlops_policy_change",
        "state",
        "requested",
        _pairs({"requested": ("in-force", "rejected", "withdrawn")}),
        "policy",
    ),
)


def may_follow(name, status):
    """Whether the transition `name` may be taken from `status`."""
    return status in TRANSITIONS[name].sources


def refusal(name, status):
    """Why the transition `name` is not possible from `status`, in one sentence for people; None
    when it is possible.
    """
    if may_follow(name, status):
        return None
    *others, last = TRANSITIONS[name].sources
    wanted = _("%(some)s or %(last)s", some=", ".join(others), last=last) if others else last
    return _(
        "The version is %(status)s; this is possible only when it is %(wanted)s.",
        status=status,
        wanted=wanted,
    )
