"""Ids of records as clients send them."""

# PostgreSQL's integer, the type of Odoo's ids
ID_MAX = 2**31 - 1


def whole_id(value):
    """The id that this value is; None: it is none that a record could have."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= ID_MAX:
        return value
    return None
