def iso(moment):
    """A naive UTC datetime as ISO 8601 with `Z` and milliseconds; None stays None."""
    return moment.isoformat(timespec="milliseconds") + "Z" if moment else None


def milliseconds_between(start, end):
    """Whole milliseconds from start to end; None when one of them is missing."""
    return max(0, int((end - start).total_seconds() * 1000)) if start and end else None
