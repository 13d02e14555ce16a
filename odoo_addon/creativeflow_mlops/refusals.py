"""Refusals with a code that callers decide on: the sentence may be translated.

Odoo sends the `context` of an exception along with its sentence on both of its JSON protocols.
"""

from odoo.exceptions import UserError

STALE_VERSION = "stale"


def refused(code, sentence):
    """A UserError that carries `code` to the caller as `context.code`."""
    error = UserError(sentence)
    error.context = {"code": code}
    return error
