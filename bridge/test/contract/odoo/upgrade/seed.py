"""How 19.0.1.0.0.sql.gz was made: run in `odoo shell` of that version on a fresh database.

A version at every status, a waiver requested and one accepted, a canary under way, a webhook; all
through the addon's own methods. Then: passwords and generated secrets blanked, asset bundles and
logs deleted, `pg_dump --no-owner --no-privileges | gzip -9`.
"""

import datetime

from odoo.addons.creativeflow_mlops.tests.common import Cast

STATUSES = (
    "Validating",
    "Validated",
    "ValidationFailed",
    "PendingStagingDeployment",
    "Staging",
    "StagingFailed",
    "PendingProdDeployment",
    "Live",
    "ProdFailed",
    "Superseded",
    "Archived",
)
REVIEW = [
    {
        "rule": "PY-CODE",
        "severity": "medium",
        "verdict": "review",
        "file": "model.safetensors",
        "why": "brings code",
    }
]

Cast.env = env
Cast.set_up_cast()
cast = Cast()
for status in STATUSES:
    cast.at(status)

for accepted in (False, True):
    version = cast.register()
    cast.validate(version, "review", REVIEW)
    until = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
    cast.versions("ada").request_waiver(version.id, "we wrote it", until)
    if accepted:
        cast.versions("ben").accept_waiver(version.id, comment="read it")

live = cast.at("Live")
canary = cast.at("Staging", version=cast.register("ada", name=live.model_id.name, version="2.0.0"))
cast.versions("ben").approve_promotion(canary.id, "production", "canary")
rollout = cast.newest_deployment(canary)
since = "2026-11-01T00:00:00Z"
cast.facts(rollout, "Progressing", rollout={"step": 2, "steps": rollout.steps, "since": since})

env["mlops.webhook"].with_user(cast.people["mia"]).with_company(cast.company).create(
    {"name": "n8n", "url": "https://n8n.test/hook", "company_id": cast.company.id}
)
env.cr.commit()
