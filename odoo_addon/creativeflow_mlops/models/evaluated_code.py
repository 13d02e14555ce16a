"""Whether text that Odoo evaluates (server actions, computed fields, templates) stands behind a call.

Such text cannot import and sees no module, but it may name a method that begins with one underscore, and hold on to whatever a
method hands it. It is known by its builtins: safe_eval gives it a list of its own.
"""

import builtins
import sys

OWN = "odoo.addons.creativeflow_mlops."
# Cron jobs are evaluated text too: these take no arguments and end what is over by its own date. An activity that is done calls
# the public method of its button.
ENTRANCES = frozenset({"_cron_deadlines", "_action_done"})
PASSED_THROUGH = frozenset({"create", "write", "unlink", "_has_key", "_unlink_only_with_key"})


def is_evaluated(frame):
    return frame.f_builtins is not vars(builtins)


def is_own(frame):
    return frame.f_globals.get("__name__", "").startswith(OWN)


def stands_behind():
    """Whether evaluated text stands behind the call at all."""
    frame = sys._getframe(1)
    while frame:
        if is_evaluated(frame):
            return True
        frame = frame.f_back
    return False


def private_entry():
    """The private method of this addon by which evaluated text came in; None when it used a public one, or is not there."""
    frame, entry = sys._getframe(1), None
    while frame:
        if is_evaluated(frame):
            name = entry.f_code.co_name if entry else ""
            if name.startswith("_") and name not in ENTRANCES:
                return name
        elif is_own(frame):
            entry = frame
        frame = frame.f_back
    return None


def is_own_call():
    """Whether the create, write or unlink that asks was called by this addon, and not by evaluated text that found the key."""
    frame = sys._getframe(1)
    while frame:
        if is_evaluated(frame):
            return False
        if is_own(frame) and frame.f_code.co_name not in PASSED_THROUGH:
            return True
        frame = frame.f_back
    return False
