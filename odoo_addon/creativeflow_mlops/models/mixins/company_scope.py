from odoo import api, models, tools
from odoo.exceptions import AccessError, MissingError, ValidationError

from ...domain.record_ids import whole_id
from .record_links import RELATIONAL, named

OURS = "mlops."


class Placed(models.AbstractModel):
    """Records that belong to a company and perhaps a team: for reading the record rules hold that,
    here for all else.

    Record rules are asked before a change and not about what it names. So: a record that a caller
    names, in a value, a command, a default or an argument, must be one that the caller may see;
    what is not answers like what does not exist. Fields that say to whom a record belongs stay as
    they were at its creation, under sudo as well, unless the model lists them in `_movable_fields`;
    afterwards the rules are asked once more. What is named is of the record's company.
    """

    _name = "mlops.placed"
    _description = "Records of a company and a team"
    _movable_fields = frozenset()

    @api.model
    @tools.ormcache()
    def _placing_fields(self):
        """Names of the stored many2one fields to a company or to a record of this addon."""
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.type == "many2one"
            and field.store
            and not field.related
            and name not in self._movable_fields
            and (field.comodel_name == "res.company" or field.comodel_name.startswith(OURS))
        )

    @api.model
    def _visible(self, record_id):
        """The record if the user may see it, as the user; MissingError otherwise."""
        number = whole_id(
            int(record_id) if str(record_id).isascii() and str(record_id).isdigit() else record_id
        )
        found = (
            self.with_context(active_test=False).search([("id", "=", number)]) if number else self
        )
        if not found:
            raise self._no_such()
        return self.browse(found.ids)

    def _seen(self):
        """Those of these records that the user may see."""
        if self.env.su:
            return self
        return self.browse(
            self.with_context(active_test=False).search([("id", "in", self._origin.ids)]).ids
        )

    @api.model
    def _no_such(self):
        what = self.env["ir.model"]._get(self._name).name or self._name
        return MissingError(self.env._("%s: not found, or you do not have access.", what))

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        fresh = [self._check_named(vals) for vals in vals_list]
        records = super().create(vals_list)
        for record, named_anew in zip(records, fresh, strict=True):
            record._check_companies(named_anew)
        records.check_access("create")
        return records

    def write(self, vals):
        fresh = {}
        if not self.env.su:
            self.check_access("write")
            fresh = self._check_named(vals)
        self._check_stays(vals)
        result = super().write(vals)
        if not self.env.su:
            self._check_companies(fresh)
            self.check_access("write")
        return result

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if not self.env.su:
            self.browse()._check_named(values)
        return values

    def onchange(self, values, field_names, fields_spec):
        if not self.env.su:
            self.check_access("read")
            self._check_named(values)
        return super().onchange(values, field_names, fields_spec)

    def _check_named(self, vals):
        """Field → ids that these values name anew; MissingError unless the user may see each, in
        nested values too.
        """
        anew = {}
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is None or field.type not in RELATIONAL:
                continue
            comodel = self.env[field.comodel_name]
            ids, nested = named(field.type, value)
            fresh = {one if whole_id(one) else repr(one) for one in ids} - self._named_before(name)
            if fresh and len(comodel.browse()._nameable_ids(fresh)) < len(fresh):
                raise MissingError(
                    self.env._(
                        "%(field)s: not found, or you do not have access. Name one that you "
                        "see in a list.",
                        field=field._description_string(self.env) or name,
                    )
                )
            anew[name] = [one for one in fresh if whole_id(one)]
            for one in nested if isinstance(comodel, self.env.registry["mlops.placed"]) else ():
                comodel.browse()._check_named(one)
        return anew

    def _named_before(self, name):
        """Ids that all of these records name in the field already: to leave them there is nothing
        new.
        """
        kept = [set(record[name].ids) for record in self.sudo()._origin]
        return set.intersection(*kept) if kept else set()

    def _check_stays(self, vals):
        guarded = isinstance(self, self.env.registry["mlops.guarded"])
        if self.env.su and guarded:  # its own key was asked for
            return
        for name in self._placing_fields() & vals.keys():
            ids, _nested = named("many2one", vals[name])
            if any(record[name].ids != ids for record in self.sudo()):
                raise AccessError(
                    self.env._(
                        "%(field)s of %(model)s is set once and stays. Create another there.",
                        field=self._fields[name]._description_string(self.env),
                        model=self._description,
                    )
                )

    def _check_companies(self, anew):
        """What was named anew is of the company of the record, or of none."""
        if "company_id" not in self._fields:
            return
        for name, ids in anew.items():
            field = self._fields[name]
            if not ids or field.comodel_name == "res.company":
                continue
            others = self.env[field.comodel_name].sudo().browse(ids).exists()
            if any(
                one._apart_from(record.company_id)
                for record in self.sudo()
                for one in others & record[name]
            ):
                raise ValidationError(
                    self.env._(
                        "%(field)s of %(model)s must be of the same company.",
                        field=field._description_string(self.env),
                        model=self._description,
                    )
                )
