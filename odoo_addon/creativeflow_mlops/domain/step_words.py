"""What the steps of a rollout do, in words. Pure: lists in, Sentences out."""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

import math

from .sentence import _

STABLE = _("the stable version")


def would_happen(steps, replicas, now, before):
    """What the list does, a Sentence a step. `now`: the name of the new version, `before`: of what
    serves, or None.
    """
    return [_words(step, replicas, now, before) for step in steps]


def _words(step, replicas, now, before):
    kind = step.get("kind")
    words = WORDS.get(kind)
    names = {"now": now, "stable": before or STABLE, "replicas": replicas}
    return words(step, names, before) if words else str(kind)


def _scale(step, names, _before):
    pods = max(1, math.ceil(names["replicas"] * step["percent"] / 100 - 1e-9))
    return _("Start %(pods)s of %(replicas)s pods of %(now)s.", pods=pods, **names)


def _shrink(step, names, _before):
    if step["pods"]:
        return _("Scale %(stable)s to %(pods)s of %(replicas)s pods.", pods=step["pods"], **names)
    return _("Stop %(stable)s: the endpoint is down until %(now)s is ready.", **names)


def _preview(_step, names, _before):
    return _("Smoke-test %(now)s on its preview route.", **names)


def _weight(step, names, before):
    percent = step["percent"]
    given = {"percent": percent, "rest": 100 - percent, **names}
    if before and percent < 100:
        return _(
            "Send %(percent)s %% of traffic to %(now)s, %(rest)s %% stay with %(stable)s.", **given
        )
    return _("Send %(percent)s %% of traffic to %(now)s.", **given)


def _wait(step, _names, _before):
    return _("Wait %(time)s.", time=in_words(step["seconds"]))


def _approve(step, _names, _before):
    return _("Wait up to %(time)s for manual approval.", time=in_words(step["withinSeconds"]))


def _judge(step, names, _before):
    limits = [
        _(
            "errors at most %(rate)s %% above %(stable)s",
            rate=f"{100 * step['maxErrorRate']:g}",
            stable=names["stable"],
        ),
        _("latency at most %(ratio)s times", ratio=f"{step['maxLatencyRatio']:g}"),
        _("at most %(restarts)s restarts", restarts=step["maxRestarts"]),
    ]
    signal = step.get("signal")
    if signal:
        limits.append(
            _("%(model)s at most %(more)s more", model=signal["model"], more=signal["maxIncrease"])
        )
    if step.get("minAgreement"):
        share = f"{100 * step['minAgreement']:g}"
        limits.append(_("at least %(share)s %% prediction agreement", share=share))
    return _(
        "Analyse %(time)s of traffic and at least %(requests)s requests: %(limits)s.",
        time=in_words(step["seconds"]),
        requests=step["minRequests"],
        limits=_listed(limits),
    )


def _listed(limits):
    first, *others = limits
    for one in others:
        first = _("%(some)s, %(next)s", some=first, next=one)
    return first


WORDS = {
    "scale": _scale,
    "shrink": _shrink,
    "preview": _preview,
    "weight": _weight,
    "wait": _wait,
    "approve": _approve,
    "judge": _judge,
}


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
