from odoo import models

from ..mixins.protected_fields import keyed


class VersionRequests(models.Model):
    _inherit = "mlops.model.version"

    def _open_requests(self, action=None):
        domain = [
            ("version_id", "=", self.id),
            ("state", "=", "accepted"),
            ("deployment_id", "=", False),
        ]
        return (
            self.env["mlops.request"]
            .sudo()
            .search(domain + ([("action", "=", action)] if action else []))
        )

    def _adopt_requests(self, deployment):
        """An approver decided what a workflow asked for: the request follows this deployment from
        now on.
        """
        one = deployment.sudo()
        if one.approval_id.is_rollback:
            live = one.previous_deployment_id.version_id
            requests = live.with_env(self.env)._open_requests("rollback")
        else:
            requests = self._open_requests(
                "deploy" if one.environment_kind == "staging" else "promote"
            )
        keyed(requests).write(
            {
                "deployment_id": one.id,
                "result": self.env._("Approved by %s.", self.env.user.sudo().name),
            }
        )

    def _answer_requests(self, state, result):
        self._open_requests()._finish(state, result)
