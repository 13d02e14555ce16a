"""Texts for people that are made where no language is known, and translated where they are shown.

Odoo's exporter of terms finds each template as the first argument of `_`.
"""


class Sentence(str):
    """A text in English that remembers its `template` and `values`, from which it is translated.

    `code` is what programs read: decisions never depend on the words. None: it has no code.
    """

    template: str
    values: dict
    code: str | None

    def __new__(cls, template, values=None, code=None):
        text = super().__new__(cls, template % values if values else template)
        text.template, text.values, text.code = template, values or {}, code
        return text


def _(template, **values):
    """A Sentence; `values` may be Sentences themselves."""
    return Sentence(template, values)


def coded(code, text):
    """The same text with a code; a plain string becomes a Sentence that is never translated."""
    if isinstance(text, Sentence):
        return Sentence(text.template, text.values, code)
    return Sentence("%(text)s", {"text": text}, code)


def code_of(text):
    """The code of a text; None where there is no text, or one without a code."""
    return getattr(text, "code", None)
