"""What a decision changes, beside what runs now. Pure: two descriptions in, rows out."""

FACTS = (
    ("version", "Version"),
    ("digest", "Digest"),
    ("bytes", "Size"),
    ("framework", "Framework"),
)
SERVING = (("replicas", "Replicas"), ("gpus", "GPUs"), ("cpu", "CPU"), ("memory", "Memory"))


def comparison(now, then):
    """Rows `{name, now, then, same}` of what either has.

    now (None when nothing runs) and then: version, digest (of the model file), bytes, framework,
    params, metrics, serving.
    """
    now = now or {}
    rows = [_row(label, now.get(key), then.get(key)) for key, label in FACTS]
    for group in ("params", "metrics"):
        before, after = now.get(group) or {}, then.get(group) or {}
        rows += [
            _row(name, before.get(name), after.get(name))
            for name in [*after, *(name for name in before if name not in after)]
        ]
    before, after = now.get("serving") or {}, then.get("serving") or {}
    rows += [_row(label, before.get(key), after.get(key)) for key, label in SERVING]
    return [row for row in rows if row]


def _row(name, now, then):
    if _missing(now) and _missing(then):
        return None
    return {"name": name, "now": _text(now), "then": _text(then), "same": now == then}


def _text(value):
    return "–" if _missing(value) else str(value)


def _missing(value):
    return value is None or value is False or value == ""
