"""What was judged, beside what was allowed. Pure: the numbers of a judgement and the step that it
belongs to in, rows out.
"""

# as the bridge judges: a p95 that differs by less is the weather
LATENCY_FLOOR_MS = 5


def judged_signals(numbers, step):
    """Rows `{name, stable, canary, limit, rule, least, standing}`: shares from 0 to 1, times in ms,
    None where nothing was counted.

    step: the judge step, or None when it is not known: then nothing has a limit. `rule`: what of
    the step the limit comes from. standing: within, enough, over, below, few, early (judged once
    there are enough requests), free (nothing was asked of it).
    """
    numbers, step = numbers or {}, step or {}
    stable, canary, signal, agreement = (
        numbers.get(name) or {} for name in ("stable", "canary", "signal", "agreement")
    )
    least = step.get("minRequests")
    enough = (canary.get("requests") or 0) >= (least or 0)
    before, usual = _error_rate(stable), stable.get("p95Ms")
    ratio = step.get("maxLatencyRatio")
    # too few requests of the version that serves: its p95 says nothing
    slow = (
        None
        if None in (ratio, usual) or (stable.get("requests") or 0) < (least or 0)
        else max(usual * ratio, usual + LATENCY_FLOOR_MS)
    )
    rate = step.get("maxErrorRate")
    rows = [
        _row(
            "requests",
            stable.get("requests"),
            canary.get("requests"),
            least,
            least,
            least=True,
            beyond="few",
            kept="enough",
        ),
        _row(
            "errors",
            before,
            _error_rate(canary),
            None if rate is None else (before or 0) + rate,
            rate,
            early=not enough,
        ),
        _row("p95", usual, canary.get("p95Ms"), slow, ratio, early=not enough),
    ]
    if numbers.get("restarts") is not None:
        rows.append(
            _row(
                "restarts",
                None,
                numbers["restarts"],
                step.get("maxRestarts"),
                step.get("maxRestarts"),
            )
        )
    if agreement:
        needed = step.get("minAgreement") or None
        rows.append(
            _row(
                "agreement",
                None,
                agreement["agreed"] / (agreement["asked"] or 1),
                needed,
                needed,
                least=True,
                beyond="below",
            )
        )
    if signal:
        more = (step.get("signal") or {}).get("maxIncrease")
        rows.append(
            _row(
                "signal",
                signal["before"],
                signal["during"],
                None if more is None else signal["before"] + more,
                more,
            )
        )
    return rows


def with_signals(judgements, steps):
    """The judgements as the screen shows them, the newest first."""

    def step_of(one):
        at = one.get("step", -1)
        return steps[at] if 0 <= at < len(steps) and steps[at].get("kind") == "judge" else None

    return [
        {**one, "signals": judged_signals(one.get("numbers"), step_of(one))}
        for one in reversed(judgements or [])
    ]


def judging(seen, steps):
    """`{counted, needed, anew}` of the judgement that is being made; None when none is. counted:
    None before it was counted.
    """
    at = seen.get("step", -1)
    step = steps[at] if 0 <= at < len(steps) else {}
    if step.get("kind") != "judge" or step.get("minRequests") is None:
        return None
    numbers = next(
        (
            one.get("numbers") or {}
            for one in reversed(seen.get("judgements") or [])
            if one.get("step") == at
        ),
        {},
    )
    anew = bool(seen.get("anew") or numbers.get("anew"))
    return {
        "counted": (numbers.get("canary") or {}).get("requests"),
        "needed": step["minRequests"],
        "anew": anew,
    }


def _row(name, stable, canary, limit, rule, least=False, beyond="over", kept="within", early=False):
    if limit is None:
        standing = "free"
    elif early or canary is None:
        standing = "early"
    else:
        standing = beyond if (canary < limit if least else canary > limit) else kept
    return {
        "name": name,
        "stable": stable,
        "canary": canary,
        "limit": limit,
        "rule": rule,
        "least": least,
        "standing": standing,
    }


def _error_rate(share):
    return share["errors"] / share["requests"] if share.get("requests") else None
