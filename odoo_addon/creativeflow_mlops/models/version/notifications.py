from markupsafe import Markup

from odoo import models

from ...domain.transitions import STATUSES
from ..odoo.ir_websocket import CHANGES

CHANGED = "creativeflow_mlops/changed"
ACTIVITY = "creativeflow_mlops.activity_approve"
TOLD_TO_FOLLOWERS = ("ValidationFailed", "StagingFailed", "ProdFailed", "Live")
AWAITING = {"Validated": "staging", "Staging": "production"}
GROUPS = {"approver": "creativeflow_mlops.group_approver"}


class VersionNotices(models.Model):
    """Who hears of a change: open screens, the chatter, followers of failures, and whoever must
    approve.
    """

    _inherit = "mlops.model.version"

    def _tell_screens(self):
        version = self.sudo()
        version._bus_send(
            "creativeflow_mlops/version",
            {
                "id": version.id,
                "status": version.status,
                "lockVersion": version.lock_version,
                "buildState": version.build_state,
                "road": version.road,
            },
        )
        # to lists: that something changed in the company, not what
        self.env["bus.bus"]._sendone((version.company_id, CHANGES), CHANGED, {})

    def _tell_people(self):
        version = self.sudo()
        label = (
            self.env._("Rollout aborted") if version.is_aborted else dict(STATUSES)[version.status]
        )
        body = Markup("<b>%s</b>") % label
        if version.status_reason:
            body += Markup("<br/>%s") % version.status_reason
        if version.status in TOLD_TO_FOLLOWERS:
            version._subscribe_submitter()
            # Mail goes out by the mail queue: a slow mail server must not hold the transaction.
            version.message_post(
                body=body,
                message_type="notification",
                subtype_xmlid="mail.mt_comment",
                force_send=False,
            )
        else:
            version._message_log(body=body)
        version._renew_activities()

    def _subscribe_submitter(self):
        self.message_subscribe(partner_ids=self.submitter_id.partner_id.ids)

    def _renew_activities(self):
        """An activity for each approver while an approval is waited for, none otherwise."""
        quiet = self.with_context(mail_activity_quick_update=True)
        quiet.activity_unlink([ACTIVITY])
        kind = AWAITING.get(self.status)
        environment = self.env["mlops.environment"]._of(self.company_id, kind) if kind else None
        if not environment:
            return
        for user in self._approvers():
            if environment.four_eyes and user == self.submitter_id:
                continue
            quiet.activity_schedule(
                ACTIVITY,
                user_id=user.id,
                summary=self.env._(
                    "Approve %(version)s for %(environment)s",
                    version=self.display_name,
                    environment=environment.name,
                ),
            )

    def _ask_approvers(self, what):
        """A workflow asks for something: nudge the approvers who are not nudged already."""
        quiet = self.with_context(mail_activity_quick_update=True)
        for user in self._approvers() - quiet.activity_search([ACTIVITY]).user_id:
            quiet.activity_schedule(
                ACTIVITY, user_id=user.id, summary=f"{what}: {self.display_name}"
            )

    def _close_own_activity(self, comment):
        """The approver's own activity is done; the next change takes the others' away."""
        decided = self.sudo().with_context(mail_activity_quick_update=True, mlops_decided=True)
        decided.activity_feedback([ACTIVITY], user_id=self.env.uid, feedback=comment or None)

    def _approvers(self):
        """Active approvers who may see this version."""
        group = self.env.ref(GROUPS["approver"])
        users = group.all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        if self.team_id:
            managers = self.env.ref("creativeflow_mlops.group_manager").all_user_ids
            users = users.filtered(lambda user: user in self.team_id.member_ids or user in managers)
        return users
