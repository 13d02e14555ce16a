from odoo import api, fields, models

from ..mixins.big_integer import BigInteger
from .model_version import DIGEST_SQL

KINDS = [("model", "Model"), ("dockerfile", "Dockerfile"), ("side", "Side file")]


class Artifact(models.Model):
    """A stored file of a version. Immutable: a trigger refuses each change, whoever writes."""

    _name = "mlops.artifact"
    _description = "MLOps artifact"
    _inherit = ["mlops.guarded"]
    _rec_name = "filename"
    _order = "version_id, kind, id"

    version_id = fields.Many2one(
        "mlops.model.version", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="version_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="version_id.team_id", store=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    filename = fields.Char(required=True, readonly=True)
    object_key = fields.Char(required=True, readonly=True, index=True)
    digest = fields.Char(required=True, readonly=True)
    size = BigInteger(required=True, readonly=True, help="Bytes")
    media_type = fields.Char(readonly=True)

    _filename_unique = models.Constraint(
        "UNIQUE (version_id, filename)", "A version has each file name once."
    )
    _digest_form = models.Constraint(
        f"CHECK (digest ~ '{DIGEST_SQL}')", "A digest is sha256: and 64 hexadecimal digits."
    )
    _size_known = models.Constraint("CHECK (size >= 0)", "A size is not negative.")

    def init(self):
        result = super().init()
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION mlops_artifact_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (OLD.version_id, OLD.kind, OLD.filename, OLD.object_key, OLD.digest, OLD.size)
                   IS DISTINCT FROM (NEW.version_id, NEW.kind, NEW.filename, NEW.object_key, NEW.digest, NEW.size) THEN
                    RAISE EXCEPTION 'an artifact never changes' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$;
            DROP TRIGGER IF EXISTS mlops_artifact_immutable ON mlops_artifact;
            CREATE TRIGGER mlops_artifact_immutable BEFORE UPDATE ON mlops_artifact
                FOR EACH ROW EXECUTE FUNCTION mlops_artifact_immutable();
        """)
        return result

    @api.model
    def known_keys(self, keys):
        """Which of these object keys a record names, in whatever company: the bridge's collector
        removes the others.
        """
        self.env["mlops.model"]._require_role("bridge")
        return sorted(set(self.sudo().search([("object_key", "in", keys)]).mapped("object_key")))
