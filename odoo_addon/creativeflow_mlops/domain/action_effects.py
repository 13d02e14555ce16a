"""What an action would do, in one sentence for the dialog in which a person decides. Pure.

facts: `what` (model and version), `version`, `live` (the version that serves, or None), `back` (the
version that a rollback brings back, or None), `has_image`, `strategy`, `may_have_gap` (the
environment allows a restart with downtime), `reasons` (of the waiver).
"""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from .sentence import _


def deploy(facts):
    if facts["has_image"]:
        return _("Starts %(what)s in staging again.", what=facts["what"])
    return _("Builds the image of %(what)s and starts it in staging.", what=facts["what"])


def reject(facts):
    return _("%(what)s will not proceed. The submitter will see your reason.", what=facts["what"])


def rollback(facts):
    swap = _(
        "Takes %(now)s out of production and restores %(back)s.",
        now=facts["version"],
        back=facts["back"] or "?",
    )
    if not facts["may_have_gap"]:
        return swap
    gap = _(
        "If both versions do not fit at once, the endpoint is down until the restored one is ready."
    )
    return _("%(swap)s %(gap)s", swap=swap, gap=gap)


def request_waiver(_facts):
    return _("Asks an approver to accept these findings for these exact files until the date.")


def accept_waiver(facts):
    return _(
        "Allows %(what)s to be deployed despite these findings. Reason given: %(reason)s",
        what=facts["what"],
        reason=facts["reasons"],
    )


def refuse_waiver(facts):
    return _("The findings stand, and %(what)s will not proceed.", what=facts["what"])


def promote(facts):
    names = {"now": facts["version"], "before": facts["live"]}
    if facts["live"]:
        return PROMOTIONS.get(facts["strategy"], PROMOTIONS["blue-green"])(names)
    if facts["strategy"] == "rolling":
        return _("Starts %(now)s in production, pod by pod. No version is live yet.", **names)
    return _(
        "Starts %(now)s, tests it, then opens it to production traffic. No version is live yet.",
        **names,
    )


PROMOTIONS = {
    "blue-green": lambda names: _(
        "Starts %(now)s next to %(before)s, tests it, then sends 100 %% of production traffic to "
        "%(now)s.",
        **names,
    ),
    "rolling": lambda names: _(
        "Replaces the pods of %(before)s with %(now)s one at a time in production.", **names
    ),
    "recreate": lambda names: _(
        "Stops %(before)s, then starts %(now)s in its place. The endpoint is down until %(now)s is "
        "ready; if it fails, %(before)s is restored.",
        **names,
    ),
    "canary": lambda names: _(
        "Sends %(now)s a small share of the traffic of %(before)s, analyses it, and continues only "
        "while it passes.",
        **names,
    ),
}


def abort(facts):
    if facts["live"]:
        return _("%(live)s keeps serving and takes all traffic back.", live=facts["live"])
    return _("Nothing will be live.")


def skip_step(facts):
    return facts["step_words"]
