"""What loosens a policy: one table, field → when its new value is looser. Pure: snapshots in, codes
out.

A field that the table does not know is looser whatever becomes of it: who adds one says what is
strict about it.
"""

INVENTORY_RANK = ("tell", "known", "clean")
INTEGRITY_RANK = ("tell", "put-back")
STRATEGY_RANK = ("recreate", "rolling", "blue-green", "canary")
EVERYTHING = 101  # more than all the traffic: what stands after the last weight as well


def _raised(before, after):
    return (after or 0) > (before or 0)


def _lowered(before, after):
    return (after or 0) < (before or 0)


def _switched_on(before, after):
    return bool(after) and not before


def _switched_off(before, after):
    return bool(before) and not after


def _down(rank):
    def looser(before, after):
        if before == after:
            return False
        return before not in rank or after not in rank or rank.index(after) < rank.index(before)

    return looser


def _more_of(before, after):
    return not set(after or []) <= set(before or [])


def _changed(before, after):
    return before != after


def _delay(before, after):
    """0: never without a second person, which is the strictest."""
    return (after or 0) != (before or 0) and bool(after) and (not before or after < before)


def _calendar(before, after):
    return bool(before) and before != after


def _freeze(before, after):
    """`[from, until]` as ISO texts, from None: not frozen; until None: until somebody ends it."""
    if not before or not before[0]:
        return False
    if not after or not after[0] or after[0] > before[0]:
        return True
    return bool(after[1]) and (not before[1] or after[1] < before[1])


# how each number of a step is looser
STEP_NUMBERS = {
    "scale": {"percent": _lowered},
    "weight": {"percent": _raised},
    "wait": {"seconds": _lowered},
    "approve": {"withinSeconds": _raised},
    "judge": {
        "seconds": _lowered,
        "minRequests": _lowered,
        "maxErrorRate": _raised,
        "maxLatencyRatio": _raised,
        "maxRestarts": _raised,
        "withinSeconds": _raised,
        "minAgreement": _lowered,
        "tolerance": _raised,
        "tooLittle": _down(("golden", "wait")),
    },
    "preview": {},
}


def _step(before, after):
    if before.get("kind") != after.get("kind"):
        return True
    if any(
        looser(before.get(name), after.get(name))
        for name, looser in STEP_NUMBERS.get(before["kind"], {}).items()
    ):
        return True
    known = {"kind", "signal", "signalBy", *STEP_NUMBERS.get(before["kind"], {})}
    if any(before.get(name) != after.get(name) for name in (before.keys() | after.keys()) - known):
        return True
    old, new = before.get("signal"), after.get("signal")
    if not old:
        return False  # a signal that is asked besides
    same = (
        new
        and (old["model"], old["domain"]) == (new["model"], new["domain"])
        and before.get("signalBy") == after.get("signalBy")
    )
    return not same or _raised(old["maxIncrease"], new["maxIncrease"])


def _gates(steps, percent):
    """`(step, traffic then)` of what has to be passed before the new version gets so much of the
    traffic.
    """
    gates, traffic = [], 0
    for step in steps or []:
        if step.get("kind") == "weight":
            traffic = step.get("percent") or 0
            if traffic >= percent:
                break
        else:
            gates.append((step, traffic))
    return gates


def _weaker(before, after):
    """Whether what has to be passed is less than before: each gate must still be there, in its
    order, no looser, on as much traffic.
    """
    left = list(after)
    for step, traffic in before:
        counts = traffic if step.get("kind") in ("wait", "judge") else 0
        while left and (_step(step, left[0][0]) or left[0][1] < counts):
            left.pop(0)
        if not left:
            return True
        left.pop(0)
    return False


def _steps(before, after):
    """Tighter is only what never gives the new version traffic for less than before."""
    if any(one.get("kind") not in STEP_NUMBERS for one in after or []):
        return before != after
    shares = {
        one.get("percent") or 0
        for one in [*(before or []), *(after or [])]
        if one.get("kind") == "weight"
    }
    return not after or any(
        _weaker(_gates(before, share), _gates(after, share)) for share in (*shares, EVERYTHING)
    )


LOOSER = {
    "four_eyes": _switched_off,
    "strategies_allowed": _more_of,
    "strategy_default": _down(STRATEGY_RANK),
    "max_gpus": _raised,
    "max_replicas": _raised,
    "keep_previous_minutes": _lowered,
    "ready_deadline_seconds": _raised,
    "queue_minutes": _raised,
    "inventory_policy": _down(INVENTORY_RANK),
    "integrity_policy": _down(INTEGRITY_RANK),
    "own_steps": _switched_on,
    "steps": _steps,
    "freeze": _freeze,
    "open_calendar_id": _calendar,
    "active": _changed,
    "loosening_delay_hours": _delay,
    "cluster": _changed,
    "namespace": _changed,
    "gateway_url": _changed,
    "registry": _changed,
    "kind": _changed,
    "company_id": _changed,
}
# What a version is judged by, the strictest since its upload. Freezes and hours are about now, not
# about the version.
JUDGED = (
    "four_eyes",
    "strategies_allowed",
    "max_gpus",
    "max_replicas",
    "inventory_policy",
    "own_steps",
    "steps",
)


def loosenings(before, after):
    """`[{field, before, after}]` of what is looser in `after`."""
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if LOOSER.get(name, _changed)(before.get(name), after.get(name))
    ]


def strictest(policies):
    """The strictest value of each judged field in these snapshots, the oldest first."""
    first, *later = policies
    result = {name: first.get(name) for name in JUDGED}
    for policy in later:
        for name in JUDGED:
            value = policy.get(name)
            if name == "strategies_allowed":
                result[name] = [one for one in result[name] or [] if one in (value or [])]
            elif not LOOSER[name](result[name], value):
                result[name] = value
    return result
