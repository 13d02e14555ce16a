# Run inside `odoo shell` by bench/odoo-list.ts: fills a fresh database, then times list_page as a
# viewer. Prints one line of json.
import json
import time

env = env(context=dict(env.context, tracking_disable=True))  # noqa: F821 given by the shell
MODELS, VERSIONS_EACH, CALLS = BENCH  # noqa: F821 put in front by the caller
viewer = (
    env["res.users"]
    .with_context(no_reset_password=True)
    .create(
        {
            "name": "Vera",
            "login": "bench-vera",
            "group_ids": [(6, 0, [env.ref("creativeflow_mlops.group_viewer").id])],
        }
    )
)
company, road = (
    env.company.id,
    json.dumps(
        [
            {
                "key": str(n),
                "state": "done",
                "at": None,
                "by": None,
                "durationMs": 5,
                "reason": None,
            }
            for n in range(8)
        ]
    ),
)
env.cr.execute(
    """INSERT INTO mlops_model (name, slug, company_id, create_date)
       SELECT 'Model ' || n, 'model-' || n, %s, now() FROM generate_series(1, %s) n""",
    [company, MODELS],
)
env.cr.execute(
    """INSERT INTO mlops_model_version (model_id, name, status, status_changed_at, generation, lock_version, submitter_id, company_id,
                                        build_state, road, create_date)
       SELECT m.id, v || '.0', (ARRAY['Validating', 'Validated', 'ValidationFailed', 'StagingFailed', 'Archived'])[1 + (m.id + v) %% 5],
              now() - make_interval(mins => (random() * 100000)::int), 1, 1, %s, %s, 'none', %s, now()
       FROM mlops_model m, generate_series(1, %s) v""",
    [viewer.id, company, road, VERSIONS_EACH],
)
env.cr.execute(
    "UPDATE mlops_model m SET newest_version_id = (SELECT max(id) FROM mlops_model_version v "
    "WHERE v.model_id = m.id)"
)
env.cr.execute("ANALYZE mlops_model")
env.cr.execute("ANALYZE mlops_model_version")
env.invalidate_all()
models = env["mlops.model"].with_user(viewer)
CASES = {
    "first page": {},
    "page 20": {"offset": 950},
    "by name": {"order": "name"},
    "search": {"search": "model 77"},
    "status": {"status": "Validated"},
}
answer = {"models": MODELS, "versions": MODELS * VERSIONS_EACH, "cases": {}}
for name, arguments in CASES.items():
    times = []
    for _ in range(CALLS):
        env.invalidate_all()
        start = time.perf_counter()
        page = models.list_page(**arguments)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    answer["cases"][name] = {
        "rows": len(page["items"]),
        "total": page["total"],
        "p50": round(times[len(times) // 2], 1),
        "p99": round(times[int(len(times) * 0.99)], 1),
    }
env.cr.rollback()
print("BENCH " + json.dumps(answer))
