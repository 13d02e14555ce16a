"""The steps of a rollout: what a list must be, how long it may take, and which one is followed.
Pure.
"""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from .sentence import _

MAX_STEPS = 30
WEEK = 7 * 24 * 3600
TOO_LITTLE = ("wait", "golden")
SKIPPABLE = ("wait", "judge")

JUDGE = {
    "kind": "judge",
    "seconds": 60,
    "minRequests": 20,
    "maxErrorRate": 0.01,
    "maxLatencyRatio": 1.5,
    "maxRestarts": 0,
    "tooLittle": "golden",
    "withinSeconds": 600,
    "signal": None,
}
CANARY = (
    {"kind": "scale", "percent": 100},
    {"kind": "preview"},
    {"kind": "weight", "percent": 1},
    {"kind": "wait", "seconds": 60},
    JUDGE,
    {"kind": "weight", "percent": 10},
    {"kind": "wait", "seconds": 60},
    JUDGE,
    {"kind": "weight", "percent": 50},
    JUDGE,
    {"kind": "weight", "percent": 100},
)
BLUE_GREEN = (
    {"kind": "scale", "percent": 100},
    {"kind": "preview"},
    {"kind": "weight", "percent": 100},
)
# where not one pod more fits: what serves goes first, and nobody answers until the new version is
# ready
RECREATE = ({"kind": "shrink", "pods": 0}, *BLUE_GREEN)

# kind → numbers that it may have besides
OPTIONAL = {"judge": {"minAgreement": (0, 1, False), "tolerance": (0, 1, False)}}
# kind → the numbers it has: name → (least, most, whole number)
NUMBERS = {
    "scale": {"percent": (1, 100, True)},
    "preview": {},
    "weight": {"percent": (1, 100, True)},
    "wait": {"seconds": (1, WEEK, True)},
    "approve": {"withinSeconds": (1, WEEK, True)},
    "judge": {
        "seconds": (1, WEEK, True),
        "minRequests": (0, 10**9, True),
        "maxErrorRate": (0, 1, False),
        "maxLatencyRatio": (0.01, 1000, False),
        "maxRestarts": (0, 1000, True),
        "withinSeconds": (1, WEEK, True),
    },
}


def steps_refusal(steps):
    """Why this is no list of steps, as a Sentence that names the step (counted from 1); None when
    it is one.
    """
    if not isinstance(steps, list) or not steps:
        return _("A canary needs a list of steps.")
    if len(steps) > MAX_STEPS:
        return _(
            "There are %(count)s steps; at most %(most)s are possible.",
            count=len(steps),
            most=MAX_STEPS,
        )
    for number, step in enumerate(steps, 1):
        why = _step_refusal(step)
        if why:
            return _at(number, why)
    return _order_refusal(steps)


def _at(number, why):
    return _("Step %(number)s: %(why)s", number=number, why=why)


def _step_refusal(step):
    kind = step.get("kind") if isinstance(step, dict) else None
    if kind not in NUMBERS:
        return _("its kind must be one of %(kinds)s.", kinds=", ".join(NUMBERS))
    optional = OPTIONAL.get(kind, {})
    known = {
        "kind",
        *NUMBERS[kind],
        *optional,
        *(("tooLittle", "signal") if kind == "judge" else ()),
    }
    odd = sorted(step.keys() - known)
    if odd:
        return _("%(kind)s has no %(name)s.", kind=kind, name=odd[0])
    given = {name: span for name, span in optional.items() if name in step}
    for name, span in (NUMBERS[kind] | given).items():
        why = _number_refusal(kind, name, step.get(name), span)
        if why:
            return why
    if kind == "judge":
        if step.get("tooLittle") not in TOO_LITTLE:
            return _("tooLittle of judge must be wait or golden.")
        return _signal_refusal(step.get("signal"))
    return None


def _number_refusal(kind, name, value, span):
    least, most, whole = span
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and (not whole or value == int(value)) and least <= value <= most:
        return None
    given = {"name": name, "kind": kind, "least": least, "most": most}
    if whole:
        return _("%(name)s of %(kind)s must be a whole number from %(least)s to %(most)s.", **given)
    return _("%(name)s of %(kind)s must be a number from %(least)s to %(most)s.", **given)


def _signal_refusal(signal):
    if signal is None:
        return None
    if not isinstance(signal, dict) or signal.keys() != {"model", "domain", "maxIncrease"}:
        return _("a signal has model, domain and maxIncrease.")
    increase = signal["maxIncrease"]
    if not isinstance(signal["model"], str) or not isinstance(signal["domain"], list):
        return _("a signal names a model and a domain, which is a list.")
    if not isinstance(increase, int) or isinstance(increase, bool) or increase < 0:
        return _("maxIncrease of a signal must be a whole number from 0.")
    return None


def _order_refusal(steps):
    weight = scale = 0
    for number, step in enumerate(steps, 1):
        kind, percent = step["kind"], step.get("percent")
        if kind == "scale":
            if weight == 100:
                return _at(number, _("all traffic is on the new version already; scale it before."))
            scale = max(scale, percent)
        elif kind == "weight":
            why = _weight_refusal(percent, weight, scale)
            if why:
                return _at(number, why)
            weight = percent
    if weight == 100:
        return None
    return _at(len(steps), _("the last weight is %(weight)s %%, it must be 100 %%.", weight=weight))


def _weight_refusal(percent, before, scale):
    if percent <= before:
        return _(
            "the weight must rise, %(percent)s %% comes after %(before)s %%.",
            percent=percent,
            before=before,
        )
    if not scale:
        return _("no pod of the new version is started before it gets traffic; scale it before.")
    if percent == 100 and scale < 100:
        return _(
            "all traffic would go to %(scale)s %% of the pods; scale to 100 %% before.",
            scale=scale,
        )
    return None


def steps_seconds(steps):
    """How long the waits, the windows and the patience of the list are together."""
    return sum(step.get("seconds", 0) + step.get("withinSeconds", 0) for step in steps or [])


def followed_steps(strategy, steps, replicas, alone):
    """The list that the bridge follows. Where nothing serves yet there is nobody to share traffic
    with or to compare with.
    """
    if alone or strategy == "blue-green":
        return list(BLUE_GREEN)
    if strategy == "recreate":
        return list(RECREATE)
    return _rolling(replicas) if strategy == "rolling" else list(steps or CANARY)


def _rolling(replicas):
    """One pod more than wanted at any time: a pod of the new version and its share, then one of the
    old less.
    """
    steps = []
    for size in range(1, replicas + 1):
        steps.append({"kind": "scale", "percent": 100 * size / replicas})
        if size == 1:
            steps.append({"kind": "preview"})
        steps.append({"kind": "weight", "percent": round(100 * size / replicas)})
        if size < replicas:
            steps.append({"kind": "shrink", "pods": replicas - size})
    return steps
