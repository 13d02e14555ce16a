"""The road of a version as eight stops. A pure function of facts, so that every screen shows the
same.
"""

from .iso_time import iso, milliseconds_between
from .rollout_ends import was_ended_by_a_person

STOPS = ("uploaded", "scanned", "approved", "built", "staging", "promoted", "rolling", "live")


def stop(key, state, at=None, by=None, start=None, reason=None):
    return {
        "key": key,
        "state": state,
        "at": iso(at),
        "by": by or None,
        "durationMs": milliseconds_between(start, at),
        "reason": reason or None,
    }


def road(facts):
    """Eight stops `{key, state, at, by, durationMs, reason}` in the order of STOPS.

    facts: status, reason, reason_code, uploaded {at, by}, scan {started, finished} or None,
    rejected {at, by} or None, approved {at, by} or None (for staging), build {state, started,
    finished, reason}, staging and production: {created, ready, phase, live, reason} of the newest
    deployment there or None, promoted {at, by} or None, was_live (bool).
    """
    return [
        stop("uploaded", "done", facts["uploaded"]["at"], facts["uploaded"]["by"]),
        _scanned(facts),
        _approved(facts),
        _built(facts),
        _staging(facts),
        _promoted(facts),
        _rolling(facts),
        _live(facts),
    ]


def _scanned(facts):
    scan, status = facts["scan"], facts["status"]
    if status == "Validating":
        return stop("scanned", "running")
    at, start = (scan["finished"], scan["started"]) if scan else (None, None)
    if status == "ValidationFailed" and not facts["rejected"]:
        return stop("scanned", "failed", at, start=start, reason=facts["reason"])
    if scan and scan["verdict"] != "pass":
        return stop("scanned", "failed", at, start=start)
    return stop("scanned", "done" if scan else "ahead", at, start=start)


def _approved(facts):
    status, rejected, approved = facts["status"], facts["rejected"], facts["approved"]
    if status == "Validated":
        return stop("approved", "waiting")
    if status == "ValidationFailed" and rejected:
        return stop("approved", "failed", rejected["at"], rejected["by"], reason=facts["reason"])
    if approved and status not in ("Validating", "ValidationFailed"):
        return stop("approved", "done", approved["at"], approved["by"])
    return stop("approved", "ahead")


def _built(facts):
    build = facts["build"]
    if build["state"] == "done":
        return stop("built", "done", build["finished"], start=build["started"])
    if facts["status"] == "PendingStagingDeployment":
        return stop("built", "running")
    if build["state"] == "failed":
        return stop(
            "built", "failed", build["finished"], start=build["started"], reason=build["reason"]
        )
    return stop("built", "ahead")


def _staging(facts):
    status, place = facts["status"], facts["staging"]
    if status == "PendingStagingDeployment":
        return stop("staging", "running" if facts["build"]["state"] == "done" else "ahead")
    if status == "StagingFailed":
        if facts["build"]["state"] == "failed":
            return stop("staging", "ahead")
        return stop(
            "staging",
            "aborted" if was_ended_by_a_person(facts["reason_code"]) else "failed",
            reason=facts["reason"],
        )
    if place and place["ready"]:
        return stop("staging", "done", place["ready"], start=place["created"])
    return stop("staging", "ahead")


def _promoted(facts):
    if facts["promoted"] and facts["status"] not in (
        "Staging",
        "PendingStagingDeployment",
        "StagingFailed",
    ):
        return stop("promoted", "done", facts["promoted"]["at"], facts["promoted"]["by"])
    return stop("promoted", "waiting" if facts["status"] == "Staging" else "ahead")


def _rolling(facts):
    status, place = facts["status"], facts["production"]
    if status == "PendingProdDeployment":
        return stop("rolling", "running")
    if status == "ProdFailed":
        return stop(
            "rolling",
            "aborted" if was_ended_by_a_person(facts["reason_code"]) else "failed",
            reason=facts["reason"],
        )
    if place and place["ready"] and status in ("Live", "Superseded", "Archived"):
        return stop("rolling", "done", place["ready"], start=place["created"])
    return stop("rolling", "ahead")


def _live(facts):
    if facts["status"] == "Live":
        return stop("live", "done", facts["production"]["ready"] if facts["production"] else None)
    # what served once and serves no more neither is live nor is going to be
    if facts["status"] in ("Superseded", "Archived") and facts["was_live"]:
        return stop(
            "live",
            "over",
            facts["production"]["ready"] if facts["production"] else None,
            reason=facts["status"],
        )
    return stop("live", "ahead")
