"""From the sentences of the domain to what a person reads, and to what Odoo raises."""

from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import get_translation

from .domain.action_checks import ROLE_NEEDED, SECOND_PERSON_NEEDED
from .domain.sentence import Sentence, code_of, coded

STALE_VERSION = "stale"
OF_THE_PERSON = (ROLE_NEEDED, SECOND_PERSON_NEEDED)


def translated(env, text):
    """The text in the language of `env`, with its code; what is no Sentence stays as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {name: translated(env, value) for name, value in text.values.items()}
    words = get_translation("creativeflow_mlops", env.lang or "en_US", text.template, values or ())
    return coded(text.code, words)


def refused(env, why):
    """The error that a refusal is: an AccessError where it is about the person.

    Odoo sends `context` along with the sentence on both of its JSON protocols, so that callers
    decide by `context.code`.
    """
    code = code_of(why)
    error = (AccessError if code in OF_THE_PERSON else UserError)(translated(env, why))
    if code:
        error.context = {"code": code}
    return error
