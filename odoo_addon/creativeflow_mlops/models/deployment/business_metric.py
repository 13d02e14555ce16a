import json

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain


class RolloutSignal(models.Model):
    """A business signal of a judgement: records of the ERP, counted with the eyes of the person who
    wrote the step.
    """

    _inherit = "mlops.deployment"

    @api.model
    def signal_count(self, deployment_id, model, domain, since, until):
        """How many records of exactly that step were created from `since` up to `until`: an
        integer. For the bridge alone.
        """
        self.env["mlops.model"]._require_role("bridge")
        deployment = self._known(deployment_id)
        user = deployment._signal_user(model, domain)
        company = deployment.company_id
        counted = (
            self.env[model]
            .with_user(user)
            .with_context(allowed_company_ids=company.ids, active_test=True)
        )
        wanted = (
            Domain(domain)
            & Domain("create_date", ">=", self._moment(since))
            & Domain("create_date", "<", self._moment(until))
        )
        if "company_id" in counted._fields and counted._fields["company_id"].store:
            wanted &= Domain("company_id", "=", company.id)
        return counted.search_count(wanted)

    def _signal_user(self, model, domain):
        """Whose rights count; AccessError unless the frozen steps ask exactly this."""
        asked = json.dumps([model, domain])
        for index, step in enumerate(self.steps or []):
            signal = step.get("signal")
            if not signal or json.dumps([signal["model"], signal["domain"]]) != asked:
                continue
            user = (
                self.env["res.users"]
                .sudo()
                .browse((self.signal_users or {}).get(str(index)) or [])
                .exists()
            )
            may = (
                user
                and user.id != SUPERUSER_ID
                and user.active
                and user.has_group("creativeflow_mlops.group_approver")
            )
            if not may or self.company_id not in user.company_ids:
                raise AccessError(
                    self.env._(
                        "The author of the metric of step %s no longer has access. A manager "
                        "must save it again.",
                        index + 1,
                    )
                )
            return user
        raise AccessError(self.env._("This deployment has no such metric step."))

    @api.model
    def _moment(self, text):
        """A naive UTC datetime of an ISO 8601 string."""
        try:
            return fields.Datetime.to_datetime(
                text.replace("T", " ").removesuffix("Z").split(".")[0]
            )
        except (ValueError, AttributeError) as error:
            raise UserError(self.env._("No ISO 8601 time: %s", text)) from error
