from odoo import models
from odoo.exceptions import UserError

from ...domain.policy_table import loosenings
from .policy_key import changing, may_alone


class StepChange(models.Model):
    _inherit = "mlops.environment"

    def _step_change(self, change, steps):
        """Change steps by themselves. What loosens is refused: it is asked for by the environment's
        list as a whole.
        """
        held = (
            self.sudo().filtered(lambda one: one.kind == "production")
            if not may_alone(self.env)
            else self.browse()
        )
        if held:
            held._lock_policy()
        self._remember_policy()
        before = {one: one._policy() for one in held}
        result = change(changing(steps))
        self.env.flush_all()
        for one, policy in before.items():
            if loosenings(policy, one._policy()):
                raise UserError(
                    self.env._(
                        "Loosening the steps of %s needs a second manager: write step_ids of "
                        "the environment, with policy_reason.",
                        one.name,
                    )
                )
        self._remember_policy()
        return (
            result.with_context(mlops_policy=None)
            if isinstance(result, models.BaseModel)
            else result
        )
