"""What a workflow means by the values of a request. Pure: nodes of n8n send ids, choices and names
as text.
"""

import re

from .record_ids import ID_MAX

TEXT_MAX = 4000


class Unclear(ValueError):
    """A value that is none of what the field takes; the text says which and what to do."""


def named_record(field, value):
    """`(id, None)` or `(None, text)` of a record; `(None, None)` when none is named.

    A number, digits, a pair of id and name as a read answers it, or the name itself.
    """
    if (
        isinstance(value, (list, tuple))
        and len(value) in (1, 2)
        and not isinstance(value[0], (list, tuple))
    ):
        if len(value) == 2 and not isinstance(value[1], str):
            raise _no_record(field)
        value = value[0]
        if isinstance(value, str) and not re.fullmatch(r"\s*[0-9]+\s*", value):
            raise _no_record(field)
    if value is None or value is False or isinstance(value, str) and not value.strip():
        return None, None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _in_range(value), None
    if not isinstance(value, str):
        raise _no_record(field)
    words = " ".join(plain_text(field, value).split())
    return (_in_range(int(words[:12])), None) if re.fullmatch(r"[0-9]+", words) else (None, words)


def _in_range(number):
    """Such an id nobody has: it is answered as any other that is not there."""
    return number if 0 < number <= ID_MAX else ID_MAX


def _no_record(field):
    return Unclear(f'{field} must be a number (5), digits ("5"), a pair ([5, "name"]) or a name.')


def chosen(field, value, selection):
    """The key of a selection by its key or label, in any case; None when nothing is chosen."""
    if value is None or value is False or isinstance(value, str) and not value.strip():
        return None
    spelled = {_spelling(text): key for key, label in selection for text in (key, label)}
    if not isinstance(value, str) or _spelling(value) not in spelled:
        raise Unclear(f"{field} must be one of: {', '.join(key for key, _label in selection)}.")
    return spelled[_spelling(value)]


def _spelling(text):
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def plain_text(field, value):
    """A text that can be stored; None when there is none."""
    if value is None or value is False:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if (
        not isinstance(value, str)
        or "\0" in value
        or len(value) > TEXT_MAX
        or _has_surrogates(value)
    ):
        raise Unclear(
            f"{field} must be a text of at most {TEXT_MAX} characters, without NUL and lone "
            "surrogates."
        )
    return value


def _has_surrogates(text):
    return any("\ud800" <= character <= "\udfff" for character in text)
