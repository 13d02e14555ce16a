"""Run in `odoo shell` after the upgrade: prints one line of JSON with what people see now."""

import json

manager = env["res.users"].search([("login", "=", "mlops-mia")])


def as_manager(model):
    return (
        env[model]
        .with_user(manager)
        .with_company(manager.company_id)
        .with_context(allowed_company_ids=manager.company_ids.ids)
    )


versions = as_manager("mlops.model.version").with_context(active_test=False).search([], order="id")
seen = {
    "versions": {
        version.id: {
            "status": version.status,
            "code": version.status_reason_code,
            "detail": version.detail(version.id),
        }
        for version in versions
    },
    "waivers": sorted(as_manager("mlops.waiver").search([]).mapped("state")),
    "deployments": {
        deployment.id: [deployment.phase, deployment.desired, deployment.strategy]
        for deployment in as_manager("mlops.deployment").search([], order="id")
    },
    "webhooks": as_manager("mlops.webhook").search([]).mapped("url"),
    "policies": env["mlops.policy.snapshot"].search_count([]),
    "production_environments": env["mlops.environment"].search_count([("kind", "=", "production")]),
}
print("SEEN " + json.dumps(seen, default=str))
