from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .environment import KINDS, STRATEGIES
from .guarded import keyed
from .transitions import TRANSITIONS

ACTIONS = [("deploy", "Deploy to staging"), ("promote", "Promote to production"), ("rollback", "Roll back production")]
STATES = [("accepted", "Accepted"), ("refused", "Refused"), ("done", "Done"), ("failed", "Failed")]
FROM = {"deploy": TRANSITIONS["deploy"].sources, "promote": TRANSITIONS["promote"].sources, "rollback": ("Live",)}


class Request(models.Model):
    """What a workflow asks for by creating a record: a deployment, a promotion, a rollback.

    An approver's request is carried out at once, as that person, by the same method as a button. A request by somebody
    who may only ask is accepted and waits for an approver, who is nudged; it ends with what becomes of the deployment.
    What is not possible is refused, and `result` says why.
    """

    _name = "mlops.request"
    _description = "MLOps request"
    _inherit = ["mlops.guarded"]
    _rec_name = "action"
    _order = "id desc"
    _open_fields = frozenset({"action", "version_id", "model_id", "environment_kind", "strategy", "comment"})

    action = fields.Selection(ACTIONS, required=True, help="deploy, promote or rollback")
    version_id = fields.Many2one("mlops.model.version", ondelete="restrict", help="Empty: the model's newest (rollback: its live) version")
    model_id = fields.Many2one("mlops.model", ondelete="restrict", help="Needed when no version is named")
    environment_kind = fields.Selection(KINDS, help="staging or production; follows from the action when empty")
    strategy = fields.Selection(STRATEGIES, help="For a promotion; empty: the environment's default")
    comment = fields.Text()
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    state = fields.Selection(STATES, readonly=True, help="accepted, refused, done or failed")
    result = fields.Text(readonly=True, help="What became of it, or why not")
    requested_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", index=True)
    deployment_id = fields.Many2one("mlops.deployment", readonly=True, ondelete="restrict", index="btree_not_null")

    _state_known = models.Constraint("CHECK (state IS NOT NULL AND requested_by_id IS NOT NULL)", "A request has a state and a requester.")

    @api.model_create_multi
    def create(self, vals_list):
        if self._has_key():
            return super().create(vals_list)
        self.check_access("create")
        if {name[8:] for name in self.env.context if name.startswith("default_")} & self._guarded_fields():
            raise AccessError(self.env._("The state of a request is not given by its requester."))
        return self.browse([self._ask(vals).id for vals in vals_list])

    def write(self, vals):
        if not self._has_key():
            raise AccessError(self.env._("A request is not changed. Create another."))
        return super().write(vals)

    def _ask(self, vals):
        unknown = vals.keys() - self._open_fields
        if unknown:
            raise AccessError(self.env._("A request names action, version_id, model_id, strategy and comment; not %s.", ", ".join(sorted(unknown))))
        action = vals.get("action")
        if action not in FROM:
            raise ValidationError(self.env._("The action must be deploy, promote or rollback."))
        target = "staging" if action == "deploy" else "production"
        if vals.get("environment_kind") not in (None, False, target):
            raise ValidationError(self.env._("The action %(action)s is for %(target)s.", action=action, target=target))
        version = self._asked_version(action, vals.get("version_id"), vals.get("model_id"))
        request = keyed(self).create([{
            **vals, "environment_kind": target, "version_id": version.id, "model_id": version.model_id.id,
            "company_id": version.company_id.id, "requested_by_id": self.env.uid, "state": "accepted",
        }])
        request._tell_state()
        request.with_env(self.env)._carry_out(version.with_env(self.env), target)
        return request

    def _asked_version(self, action, version_id, model_id):
        """The version asked for, as superuser, when the user's companies and teams include it."""
        version = self.env["mlops.model.version"].sudo().browse(version_id or []).exists()
        if not version and model_id and not version_id:
            model = self.env["mlops.model"].sudo().browse(model_id).exists()
            version = model.live_version_id if action == "rollback" else model.newest_version_id
        in_team = not version.team_id or self.env.user in version.team_id.sudo().member_ids or self.env.user.has_group(
            "creativeflow_mlops.group_manager",
        )
        if not version or version.company_id not in self.env.companies or not in_team:
            raise ValidationError(self.env._("Name a version (or a model that has one) that exists and that you may see."))
        return version

    def _carry_out(self, version, target):
        """As the requester; a refusal is the request's result and undoes what was begun."""
        own = self.sudo()
        if not self.env.user.has_group("creativeflow_mlops.group_approver"):
            return self._wait_for_approver(version.sudo())
        try:
            with self.env.cr.savepoint():
                if own.action == "deploy":
                    answer = version.approve_deployment(version.id, target, comment=own.comment)
                elif own.action == "promote":
                    strategy = own.strategy or version._environment(target).strategy_default
                    answer = version.approve_promotion(version.id, target, strategy, comment=own.comment)
                else:
                    answer = version.rollback(version.id, target, reason=own.comment)
        except (AccessError, UserError) as error:
            return own._finish("refused", str(error))
        return keyed(own).write({"deployment_id": answer["deploymentId"], "result": self.env._("Approved; %s now.", answer["status"])})

    def _wait_for_approver(self, version):
        own = self.sudo()
        if version.status not in FROM[own.action]:
            return own._finish("refused", self.env._("The version is %s; this is not possible now.", version.status))
        keyed(own).write({"result": self.env._("Waiting for an approver.")})
        version._message_log(body=self.env._("%(who)s asks: %(what)s.", who=own.requested_by_id.name, what=dict(ACTIONS)[own.action]))
        return version._ask_approvers(dict(ACTIONS)[own.action])

    def _finish(self, state, result):
        for request in self:
            keyed(request).write({"state": state, "result": result})
            request._tell_state()

    def _tell_state(self):
        """A row in the journal; the database asks for it with each change of the state."""
        one = self.sudo()
        self.env["mlops.event"]._emit("request.state", {
            "requestId": one.id, "action": one.action, "state": one.state, "result": one.result or None,
            "by": one.requested_by_id.name,
        }, **one.version_id._about())


class VersionRequests(models.Model):
    _inherit = "mlops.model.version"

    def _open_requests(self, action=None):
        domain = [("version_id", "=", self.id), ("state", "=", "accepted"), ("deployment_id", "=", False)]
        return self.env["mlops.request"].sudo().search(domain + ([("action", "=", action)] if action else []))

    def _adopt_requests(self, deployment):
        """An approver decided what a workflow asked for: the request follows this deployment from now on."""
        one = deployment.sudo()
        if one.approval_id.is_rollback:
            live = one.previous_deployment_id.version_id
            requests = live.with_env(self.env)._open_requests("rollback")
        else:
            requests = self._open_requests("deploy" if one.environment_kind == "staging" else "promote")
        keyed(requests).write({"deployment_id": one.id, "result": self.env._("Approved by %s.", self.env.user.sudo().name)})

    def _answer_requests(self, state, result):
        self._open_requests()._finish(state, result)
