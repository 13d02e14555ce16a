from odoo import api, models, tools
from odoo.exceptions import AccessError

from ..database.state_guard import guard_states
from . import evaluated_code

# The key to guarded fields. Its identity counts, so no JSON, no XML and no context sent over RPC
# can carry it.
_KEY = object()
_AUTOMATIC = ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")
_CONTEXT_KEPT = ("lang", "tz", "allowed_company_ids")


def keyed(records):
    """These records in the environment that passes the guards; the user stays the same.

    A function of this module and no method: text that Odoo evaluates reaches methods, and no
    modules. Nor may it get here through a private method of ours that writes what its arguments
    say.
    """
    refuse_evaluated(records.env)
    context = {
        name: records.env.context[name] for name in _CONTEXT_KEPT if name in records.env.context
    }
    return records.sudo().with_context(context, mlops_key=_KEY)


def refuse_evaluated(env):
    """AccessError when a server action came in by one of our private methods, or acts as somebody
    who does not act.
    """
    names = evaluated_code.entrances()
    private = next(
        (name for name in names if name.startswith("_") and name not in evaluated_code.ENTRANCES),
        None,
    )
    if private:
        raise AccessError(
            env._(
                "%s is not for server actions: use the public methods, they check and record "
                "the decision.",
                private,
            )
        )
    if names and not evaluated_code.JOBS & set(names) and env.uid != evaluated_code.acting_uid():
        raise AccessError(
            env._(
                "A server action decides as the person who runs it, and not as %s.",
                env.user.sudo().name,
            )
        )


class Guarded(models.AbstractModel):
    """Records that only this addon's own methods create, and fields that only they change, by
    whatever route.

    A model lists what people may write in `_open_fields`; everything else is guarded. Three guards:
    `_has_field_access` (the ORM asks it for every write and create that is not sudo, `default_*` of
    the context included), the key (asked also under sudo, so that a server action does not pass),
    and the constraints and triggers of the database. `keyed()` gives the environment that passes;
    its context is built anew, so that nothing of the caller's becomes a default value.
    """

    _name = "mlops.guarded"
    _description = "Fields that only transition methods change"
    _open_fields = frozenset()

    def init(self):
        result = super().init()
        guard_states(self.env.cr, self._table)
        return result

    @api.model
    @tools.ormcache()
    def _guarded_fields(self):
        """Names of the guarded fields of this model."""
        foreign = (
            self.env["mail.thread"]._fields.keys() | self.env["mail.activity.mixin"]._fields.keys()
        )
        return frozenset(
            name
            for name in self._fields
            if name not in self._open_fields and name not in foreign and name not in _AUTOMATIC
        )

    def _has_key(self):
        return (
            self.env.su
            and self.env.context.get("mlops_key") is _KEY
            and evaluated_code.is_own_call()
        )

    def _has_field_access(self, field, operation):
        if operation == "write" and not self.env.su and field.name in self._guarded_fields():
            return False
        return super()._has_field_access(field, operation)

    @api.model_create_multi
    def create(self, vals_list):
        if not self._has_key():
            raise AccessError(
                self.env._(
                    "%s: records are not created directly, use the actions.", self._description
                )
            )
        # A default that somebody saved (ir.default) must not reach a guarded field: the field's own
        # default counts.
        for vals in vals_list:
            for name in self._guarded_fields() - vals.keys():
                field = self._fields[name]
                if field.column_type and field.store and not field.compute and not field.related:
                    vals[name] = field.default(self) if field.default else False
        return super().create(vals_list)

    def write(self, vals):
        named = vals.keys() & self._guarded_fields()
        if named and not self._has_key():
            raise AccessError(
                self.env._(
                    "%(fields)s of %(model)s cannot be written: use the actions, they check and "
                    "record the decision.",
                    fields=", ".join(sorted(named)),
                    model=self._description,
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_with_key(self):
        if not self._has_key():
            raise AccessError(
                self.env._(
                    "%s: records cannot be deleted, they are the decision history. Archive the "
                    "version instead.",
                    self._description,
                )
            )
