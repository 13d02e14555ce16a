from odoo import models

from ..version.notifications import ACTIVITY, AWAITING


class Activity(models.Model):
    """An approval that is done from the systray is an approval: the same method as the button, with
    all that it asks.
    """

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        if self.env.context.get("mlops_decided"):
            return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        approval = self.env.ref(ACTIVITY, raise_if_not_found=False)
        left = self
        for activity in self.filtered(
            lambda one: (
                approval
                and one.activity_type_id == approval
                and one.res_model == "mlops.model.version"
            )
        ):
            version = self.env["mlops.model.version"].browse(activity.res_id)
            kind = AWAITING.get(version.sudo().status)
            if not kind or activity.user_id != self.env.user:
                continue  # a nudge about something else: it is just done
            left -= activity
            if kind == "staging":
                version.approve_deployment(version.id, kind, comment=feedback or None)
            else:
                version.approve_promotion(
                    version.id,
                    kind,
                    version._environment(kind).strategy_default,
                    comment=feedback or None,
                )
        return super(Activity, left.exists())._action_done(
            feedback=feedback, attachment_ids=attachment_ids
        )
