"""Whether text that Odoo evaluates (server actions, computed fields, templates) stands behind a
call.

Such text cannot import and sees no module, but it may name a method that begins with one
underscore, and hold on to whatever a method hands it. It is known by its builtins: safe_eval gives
it a list of its own.
"""

import builtins
import sys

from odoo import SUPERUSER_ID
from odoo.http import request

OWN = "odoo.addons.creativeflow_mlops."
# Cron jobs are evaluated text too: these take no arguments and end what is over by its own date.
JOBS = frozenset({"_cron_deadlines"})
# An activity that is done calls the public method of its button.
ENTRANCES = JOBS | {"_action_done"}
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


def entrances():
    """The functions of this addon by which evaluated text came in, the innermost first; empty when
    none stands behind the call.
    """
    names, frame, entry = [], sys._getframe(1), None
    while frame:
        if is_evaluated(frame):
            names.append(entry.f_code.co_name if entry else "")
        elif is_own(frame):
            entry = frame
        frame = frame.f_back
    return names


def acting_uid():
    """Who really acts: whose request this is; without one, Odoo itself."""
    return request.env.uid if request else SUPERUSER_ID


def is_own_call():
    """Whether the create, write or unlink that asks was called by this addon, and not by evaluated
    text that found the key.
    """
    frame = sys._getframe(1)
    while frame:
        if is_evaluated(frame):
            return False
        if is_own(frame) and frame.f_code.co_name not in PASSED_THROUGH:
            return True
        frame = frame.f_back
    return False
