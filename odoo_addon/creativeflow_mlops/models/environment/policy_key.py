"""Who changes an environment past the question whether that loosens: this addon, when the question
was answered.
"""

from odoo import SUPERUSER_ID
from odoo.http import request

from ..mixins.evaluated_code import is_own_call, stands_behind
from ..mixins.protected_fields import refuse_evaluated

# Its identity counts: nothing that comes over RPC, and no server action, can carry it.
_CHANGING = object()


def changing(records):
    refuse_evaluated(records.env)
    return records.with_context(mlops_policy=_CHANGING)


def is_changing(records):
    return records.env.context.get("mlops_policy") is _CHANGING and is_own_call()


def may_alone(env):
    """Odoo itself, at the installation or in its shell: no person, nobody who became superuser in a
    browser, no server action.
    """
    return env.uid == SUPERUSER_ID and not request and not stands_behind()
