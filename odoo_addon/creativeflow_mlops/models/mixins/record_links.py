"""Which records a client's value of a relational field names. Pure: a value in, ids and nested
values out.
"""

from odoo.models import BaseModel

RELATIONAL = ("many2one", "one2many", "many2many")


def named(kind, value):
    """`(ids, nested)`: ids named by the value of a field of this kind, and the dicts of values in
    it.

    An id that is none (a text, a fraction, too large) stays as it is among the ids: nobody has such
    a record.
    """
    if isinstance(value, BaseModel):
        return [one.id or one._origin.id for one in value if one.id or one._origin.id], []
    if value is None or value is False or value == "":
        return [], []
    if kind == "many2one":
        return _named_one(value)
    ids, nested = [], []
    for command in value if isinstance(value, (list, tuple)) else [value]:
        more, values = _named_by_command(command)
        ids += more
        nested += values
    return ids, nested


def _named_one(value):
    if isinstance(value, dict):  # an onchange sends the record itself, with what was changed in it
        return ([value["id"]] if value.get("id") else []), [value]
    if isinstance(value, (list, tuple)):
        return list(value[:1]), []
    return ([value] if not hasattr(value, "origin") else [value.origin] if value.origin else []), []


def _named_by_command(command):
    if not isinstance(command, (list, tuple)):
        return _named_one(command)
    code, target, values = (*command, None, None, None)[:3]
    if code == 0:
        return [], [values] if isinstance(values, dict) else []
    if code == 5:
        return [], []
    if code == 6:
        return list(values or []) if isinstance(values, (list, tuple)) else [values], []
    return [target], [values] if isinstance(values, dict) else []
