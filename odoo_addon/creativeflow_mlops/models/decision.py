from odoo import api, fields, models

from .environment import STRATEGIES

ACTIONS = [("deploy", "Approve for staging"), ("promote", "Promote to production"), ("reject", "Reject"), ("rollback", "Roll back")]


class Decision(models.TransientModel):
    """The dialog in which a person decides: it remembers the revision that was seen, and calls the method of the action."""

    _name = "mlops.decision"
    _description = "MLOps decision"

    version_id = fields.Many2one("mlops.model.version", required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    seen = fields.Integer(readonly=True)
    strategy = fields.Selection(STRATEGIES)
    comment = fields.Text()

    @api.model
    def _open(self, version, action):
        """The dialog for this action on this version, as a client action."""
        environment = version._environment("staging" if action == "deploy" else "production")
        decision = self.create({
            "version_id": version.id, "action": action, "seen": version.lock_version,
            "strategy": environment.strategy_default if action == "promote" else False,
        })
        return {
            "type": "ir.actions.act_window", "name": dict(self._fields["action"]._description_selection(self.env))[action],
            "res_model": self._name, "res_id": decision.id, "view_mode": "form", "target": "new",
        }

    def confirm(self):
        """Carry the decision out; a stale or forbidden one is refused by the method itself."""
        self.ensure_one()
        versions, version_id, comment = self.env["mlops.model.version"], self.version_id.id, self.comment
        if self.action == "deploy":
            versions.approve_deployment(version_id, "staging", seen=self.seen, comment=comment)
        elif self.action == "promote":
            versions.approve_promotion(version_id, "production", self.strategy, seen=self.seen, comment=comment)
        elif self.action == "reject":
            versions.reject(version_id, comment, seen=self.seen)
        else:
            versions.rollback(version_id, "production", seen=self.seen, reason=comment)
        return {"type": "ir.actions.act_window_close"}


class VersionButtons(models.Model):
    """What the buttons of the form call."""

    _inherit = "mlops.model.version"

    def action_deploy(self):
        return self.env["mlops.decision"]._open(self, "deploy")

    def action_promote(self):
        return self.env["mlops.decision"]._open(self, "promote")

    def action_reject(self):
        return self.env["mlops.decision"]._open(self, "reject")

    def action_rollback(self):
        return self.env["mlops.decision"]._open(self, "rollback")

    def action_rescan(self):
        self.rescan(self.id, seen=self.lock_version)

    def action_archive_version(self):
        self.archive_version(self.id, seen=self.lock_version)
