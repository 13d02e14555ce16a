from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...domain.request_values import named_record

SHOWN_MAX = 5


class RequestNaming(models.Model):
    """Which version a request means: looked up in the catalogue, which shows the requester what
    they may name.
    """

    _inherit = "mlops.request"

    @api.model
    def _asked_version(self, action, vals):
        """The version that the values name, as superuser."""
        version_id, version_name = named_record("version_id", vals.get("version_id"))
        model_id, model_name = named_record("model_id", vals.get("model_id"))
        domain = Domain.TRUE
        if model_id or model_name:
            model = self._named_model(model_id, model_name)
            domain = Domain("model_id", "=", model)
        if version_id or version_name:
            found = self._named_version(domain, version_id, version_name)
        elif model_id or model_name:
            found = self._catalogue(
                domain & Domain("is_live" if action == "rollback" else "is_newest", "=", True)
            )
        else:
            raise ValidationError(
                self.env._("Name a version in version_id, or a model in model_id.")
            )
        if not found:
            raise ValidationError(
                self.env._(
                    "version_id: Name a version (or in model_id a model that has one) that "
                    "exists and that you may see."
                    " MLOps version catalogue lists them.",
                )
            )
        return self.env["mlops.model.version"].sudo().browse(found.id)

    @api.model
    def _catalogue(self, domain):
        return self.env["mlops.version.catalogue"].search(domain)

    @api.model
    def _named_version(self, domain, version_id, text):
        """By id, by "model version", or by the version's name alone where the model is named."""
        if version_id:
            return self._catalogue(domain & Domain("id", "=", version_id))
        names = self._spelled("name", text)
        if domain != Domain.TRUE:
            names |= self._spelled("version", text)
        found = self._catalogue(domain & names)
        exact = found.filtered(lambda one: text in (one.name, one.version))
        return self._only("version_id", text, exact or found)

    @api.model
    def _named_model(self, model_id, text):
        """The id of a model that has a version which the user may name."""
        if model_id:
            found = self._catalogue(Domain("model_id", "=", model_id))
        else:
            found = self._catalogue(self._spelled("model", text) | self._spelled("slug", text))
            exact = found.filtered(lambda one: text in (one.model, one.slug))
            found = exact or found
        newest = found.filtered("is_newest") or found
        if not newest:
            raise ValidationError(
                self.env._(
                    "model_id: there is no such model with a version that you may see. MLOps "
                    "version catalogue lists them.",
                )
            )
        return self._only("model_id", text, newest).model_id.id if text else newest[0].model_id.id

    @api.model
    def _spelled(self, field, text):
        """In any case; the text's own wildcards mean themselves."""
        return Domain(
            field, "=ilike", text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        )

    @api.model
    def _only(self, field, text, found):
        if len(found) > 1:
            which = ", ".join(f"{one.id} ({one.name})" for one in found[:SHOWN_MAX])
            raise ValidationError(
                self.env._(
                    "%(field)s: “%(text)s” fits several: %(which)s. Give the number.",
                    field=field,
                    text=text,
                    which=which,
                )
            )
        return found
