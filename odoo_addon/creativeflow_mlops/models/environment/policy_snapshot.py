from odoo import fields, models


class PolicySnapshot(models.Model):
    """The policy of a production environment as it was from a moment on. Append-only: a version is
    judged by all since its upload.
    """

    _name = "mlops.policy.snapshot"
    _description = "MLOps policy as it was"
    _inherit = ["mlops.guarded"]
    _order = "id desc"

    environment_id = fields.Many2one(
        "mlops.environment", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="environment_id.company_id", store=True, index=True)
    since = fields.Datetime(required=True, readonly=True)
    policy = fields.Json(required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")

    def init(self):
        result = super().init()
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION mlops_policy_snapshot_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM mlops_environment WHERE id = OLD.environment_id) THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION 'the history of a policy is append-only' USING ERRCODE = 'check_violation';
            END $$;
            DROP TRIGGER IF EXISTS mlops_policy_snapshot_stays ON mlops_policy_snapshot;
            CREATE TRIGGER mlops_policy_snapshot_stays BEFORE DELETE OR UPDATE OF environment_id, since, policy, user_id
                ON mlops_policy_snapshot FOR EACH ROW EXECUTE FUNCTION mlops_policy_snapshot_stays();
        """)
        return result
