from odoo import fields


class BigInteger(fields.Integer):
    """An integer kept as int8: sizes and offsets in bytes go beyond 2 GiB."""

    _column_type = ("int8", "int8")
