from odoo import api, fields, models
from odoo.exceptions import LockError

from ...domain.sentence import coded
from ...domain.transitions import STATUS_NAMES, STATUSES
from ...wording import STALE_VERSION, refused

BUILD_STATES = [
    ("none", "None"),
    ("wanted", "Wanted"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
]
DIGEST_SQL = "^sha256:[0-9a-f]{64}$"


class ModelVersion(models.Model):
    """A version of a model, from upload to live. Its status changes by the transitions of
    transitions.py and no other way.
    """

    _name = "mlops.model.version"
    _description = "MLOps model version"
    _inherit = ["mlops.guarded", "mail.thread", "mail.activity.mixin", "bus.listener.mixin"]
    _mail_post_access = "read"
    _order = "id desc"
    _rec_names_search = ["name", "model_id.name"]
    _open_fields = frozenset({"description"})

    model_id = fields.Many2one(
        "mlops.model", required=True, readonly=True, index=True, ondelete="restrict"
    )
    name = fields.Char("Version", required=True, readonly=True)
    status = fields.Selection(
        STATUSES,
        required=True,
        readonly=True,
        default="Validating",
        group_expand="_expand_status",
        index=True,
    )
    status_reason = fields.Text(readonly=True)
    status_reason_code = fields.Char(readonly=True)
    status_changed_at = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    generation = fields.Integer(
        readonly=True,
        required=True,
        default=1,
        help="Rises with each wanted scan, build or deployment",
    )
    lock_version = fields.Integer(
        readonly=True, required=True, default=1, help="Rises with each transition"
    )
    idempotency_key = fields.Char(readonly=True)
    submitter_id = fields.Many2one(
        "res.users", readonly=True, required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="model_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="model_id.team_id", store=True, index="btree_not_null")
    framework = fields.Char(readonly=True)
    description = fields.Text()
    params = fields.Json(readonly=True)
    metrics = fields.Json(readonly=True)
    input_schema = fields.Json(readonly=True)
    output_schema = fields.Json(readonly=True)
    serving = fields.Json(readonly=True)
    artifact_ids = fields.One2many("mlops.artifact", "version_id", readonly=True)
    scan_ids = fields.One2many("mlops.scan", "version_id", readonly=True)
    finding_ids = fields.One2many("mlops.finding", "version_id", readonly=True)
    waiver_ids = fields.One2many("mlops.waiver", "version_id", readonly=True)
    approval_ids = fields.One2many("mlops.approval", "version_id", readonly=True)
    deployment_ids = fields.One2many("mlops.deployment", "version_id", readonly=True)
    audit_ordered = fields.Char(
        readonly=True, help="The rules of the scan for which it was last scanned again"
    )
    validation_details = fields.Json(readonly=True)
    image = fields.Char(readonly=True, help="Repository without tag")
    image_digest = fields.Char(readonly=True)
    build_state = fields.Selection(BUILD_STATES, readonly=True, required=True, default="none")
    build_reason = fields.Text(readonly=True)
    build_log_key = fields.Char(readonly=True)
    build_started_at = fields.Datetime(readonly=True)
    build_finished_at = fields.Datetime(readonly=True)
    staging_endpoint_url = fields.Char("Staging URL", readonly=True)
    prod_endpoint_url = fields.Char("Production URL", readonly=True)
    is_available = fields.Boolean(
        "Available", readonly=True, help="Currently serving in production"
    )
    road = fields.Json(
        "Pipeline", readonly=True, help="The eight stages, updated by each transition"
    )
    allowed_actions = fields.Json(
        compute="_compute_allowed_actions", help="What the current user may do now, or why not"
    )

    _name_unique = models.Constraint(
        "UNIQUE (model_id, name)", "The model has this version already."
    )
    _key_unique = models.UniqueIndex(
        "(submitter_id, idempotency_key) WHERE idempotency_key IS NOT NULL"
    )
    _one_live = models.UniqueIndex(
        "(model_id) WHERE status = 'Live'", "Another version of the model is live."
    )
    _waiting_idx = models.Index(
        "(status_changed_at) WHERE status IN ('Validating', 'PendingStagingDeployment', "
        "'PendingProdDeployment')",
    )
    _status_known = models.Constraint(f"CHECK (status IN {STATUS_NAMES!r})", "Unknown status.")
    _counters = models.Constraint(
        "CHECK (generation > 0 AND lock_version > 0)", "Counters only rise."
    )
    _digest_form = models.Constraint(
        f"CHECK (image_digest IS NULL OR (image_digest ~ '{DIGEST_SQL}' AND image IS NOT NULL))",
        "An image has a name and a digest.",
    )
    _image_known = models.Constraint(
        "CHECK (status NOT IN ('Staging', 'PendingProdDeployment', 'Live', 'ProdFailed', "
        "'Superseded') OR image_digest IS NOT NULL)",
        "What runs has an image digest.",
    )
    _available_means_live = models.Constraint(
        "CHECK (is_available IS NOT TRUE OR status = 'Live')", "Only a live version is available."
    )

    def init(self):
        """A digest never changes, whoever writes: the image that was tested is the image that goes
        live.
        """
        result = super().init()
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION mlops_version_digest_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF OLD.image_digest IS NOT NULL AND NEW.image_digest IS DISTINCT FROM OLD.image_digest
                   OR NEW.submitter_id IS DISTINCT FROM OLD.submitter_id OR NEW.model_id IS DISTINCT FROM OLD.model_id
                   OR NEW.name IS DISTINCT FROM OLD.name THEN
                    RAISE EXCEPTION 'the image digest, submitter, model and name of a version never change' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$;
            DROP TRIGGER IF EXISTS mlops_version_digest_stays ON mlops_model_version;
            CREATE TRIGGER mlops_version_digest_stays BEFORE UPDATE ON mlops_model_version
                FOR EACH ROW EXECUTE FUNCTION mlops_version_digest_stays();
        """)
        return result

    @api.depends("name", "model_id.name")
    def _compute_display_name(self):
        for version in self:
            version.display_name = f"{version.model_id.name} {version.name}"

    @api.model
    def _locked(self, seen=None):
        """This version with its row locked until the end of the transaction; `seen` must be the
        lock_version now.
        """
        self.ensure_one()
        try:
            self.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._(
                    "This version is being changed by another user. Review it, then decide again."
                )
            ) from error
        self.sudo().invalidate_recordset()
        current = self.sudo().lock_version
        if seen is not None and seen is not False and int(seen) != current:
            why = self.env._(
                "This version has changed since you opened it: you saw lock version %(seen)s, "
                "it is at %(current)s now (%(status)s). Reload it, then decide.",
                seen=seen,
                current=current,
                status=self.sudo().status,
            )
            raise refused(self.env, coded(STALE_VERSION, why))
        return self
