from odoo import api, models

from .policy_key import is_changing


class StepGuard(models.Model):
    _inherit = "mlops.environment.step"

    @api.model_create_multi
    def create(self, vals_list):
        if is_changing(self):
            return super().create(vals_list)
        environments = self.env["mlops.environment"].browse(
            {vals.get("environment_id") for vals in vals_list} - {None, False}
        )
        return environments._step_change(
            lambda steps: super(StepGuard, steps).create(vals_list), self
        )

    def write(self, vals):
        if is_changing(self):
            return super().write(vals)
        environments = self.environment_id | self.env["mlops.environment"].browse(
            vals.get("environment_id") or []
        )
        return environments._step_change(lambda steps: super(StepGuard, steps).write(vals), self)

    def unlink(self):
        if is_changing(self):
            return super().unlink()
        return self.environment_id._step_change(
            lambda steps: super(StepGuard, steps).unlink(), self
        )

    @api.model
    def _kept_values(self, step, sequence):
        """The record of a step of a snapshot."""
        signal = step.get("signal") or {}
        values = self._values(
            {name: value for name, value in step.items() if name != "signalBy"}, sequence
        )
        if signal:
            values |= {
                "signal_model": signal["model"],
                "signal_domain": repr(signal["domain"]),
                "signal_max_increase": signal["maxIncrease"],
            }
        return values
