"""The steps of a rollout: what a list must be, how long it may take, and what it would do, in
words. Pure: lists in, sentences out.
"""

import math

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
    """Why this is no list of steps, in one sentence that names the step (counted from 1); None when
    it is one.
    """
    if not isinstance(steps, list) or not steps:
        return "A canary needs a list of steps."
    if len(steps) > MAX_STEPS:
        return f"There are {len(steps)} steps; at most {MAX_STEPS} are possible."
    for number, step in enumerate(steps, 1):
        why = _step_refusal(step)
        if why:
            return f"Step {number}: {why}"
    return _order_refusal(steps)


def _step_refusal(step):
    kind = step.get("kind") if isinstance(step, dict) else None
    if kind not in NUMBERS:
        return f"its kind must be one of {', '.join(NUMBERS)}."
    optional = OPTIONAL.get(kind, {})
    known = {
        "kind",
        *NUMBERS[kind],
        *optional,
        *(("tooLittle", "signal") if kind == "judge" else ()),
    }
    odd = sorted(step.keys() - known)
    if odd:
        return f"{kind} has no {odd[0]}."
    given = {name: span for name, span in optional.items() if name in step}
    for name, (least, most, whole) in (NUMBERS[kind] | given).items():
        value = step.get(name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or (whole and value != int(value)) or not least <= value <= most:
            return (
                f"{name} of {kind} must be {'a whole number' if whole else 'a number'} from "
                f"{least} to {most}."
            )
    if kind == "judge":
        if step.get("tooLittle") not in TOO_LITTLE:
            return "tooLittle of judge must be wait or golden."
        return _signal_refusal(step.get("signal"))
    return None


def _signal_refusal(signal):
    if signal is None:
        return None
    if not isinstance(signal, dict) or signal.keys() != {"model", "domain", "maxIncrease"}:
        return "a signal has model, domain and maxIncrease."
    increase = signal["maxIncrease"]
    if not isinstance(signal["model"], str) or not isinstance(signal["domain"], list):
        return "a signal names a model and a domain, which is a list."
    if not isinstance(increase, int) or isinstance(increase, bool) or increase < 0:
        return "maxIncrease of a signal must be a whole number from 0."
    return None


def _order_refusal(steps):
    weight = scale = 0
    for number, step in enumerate(steps, 1):
        kind, percent = step["kind"], step.get("percent")
        if kind == "scale":
            if weight == 100:
                return (
                    f"Step {number}: all traffic is on the new version already, its pods must be "
                    "there before."
                )
            scale = max(scale, percent)
        elif kind == "weight":
            if percent <= weight:
                return f"Step {number}: the weight must rise, {percent} % comes after {weight} %."
            if not scale:
                return (
                    f"Step {number}: no pod of the new version is started before it gets traffic; "
                    "put a scale before it."
                )
            if percent == 100 and scale < 100:
                return (
                    f"Step {number}: all traffic would go to {scale} % of the pods; put a scale of "
                    "100 % before it."
                )
            weight = percent
    if weight != 100:
        return f"Step {len(steps)}: the last weight is {weight} %, it must be 100 %."
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


STABLE = "the stable version"


def would_happen(steps, replicas, now, before):
    """What the list does, a sentence a step. `now`: the name of the new version, `before`: of what
    serves, or None.
    """
    return [_words(step, replicas, now, before) for step in steps]


def _words(step, replicas, now, before):
    kind, percent = step.get("kind"), step.get("percent")
    if kind == "scale":
        return (
            f"Start {max(1, math.ceil(replicas * percent / 100 - 1e-9))} of {replicas} pods of "
            f"{now}."
        )
    if kind == "shrink" and not step["pods"]:
        return f"Stop {before or STABLE}: the endpoint is down until {now} is ready."
    if kind == "shrink":
        return f"Scale {before or STABLE} to {step['pods']} of {replicas} pods."
    if kind == "preview":
        return f"Smoke-test {now} on its preview route."
    if kind == "weight":
        left = f", {100 - percent} % stay with {before}" if before and percent < 100 else ""
        return f"Send {percent} % of traffic to {now}{left}."
    if kind == "wait":
        return f"Wait {in_words(step['seconds'])}."
    if kind == "approve":
        return f"Wait up to {in_words(step['withinSeconds'])} for manual approval."
    return _judging(step, before) if kind == "judge" else str(kind)


def _judging(step, before):
    signal = step.get("signal")
    return (
        f"Analyse {in_words(step['seconds'])} of traffic and at least {step['minRequests']} "
        f"requests: errors at most {100 * step['maxErrorRate']:g} % above {before or STABLE}, "
        f"latency at most {step['maxLatencyRatio']:g} times, at most {step['maxRestarts']} restarts"
        + (f", {signal['model']} at most {signal['maxIncrease']} more" if signal else "")
        + (
            f", at least {100 * step['minAgreement']:g} % prediction agreement"
            if step.get("minAgreement")
            else ""
        )
        + "."
    )


def in_brief(steps):
    """The list in one line."""
    return ", ".join(_brief(step) for step in steps)


def _brief(step):
    kind, signal = step["kind"], step.get("signal")
    if kind in ("scale", "weight"):
        return f"{kind} {step['percent']} %"
    if kind == "preview":
        return kind
    return f"{kind} {in_words(step['withinSeconds' if kind == 'approve' else 'seconds'])}" + (
        f" with {signal}" if signal else ""
    )


def in_words(seconds):
    if seconds < 120:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
