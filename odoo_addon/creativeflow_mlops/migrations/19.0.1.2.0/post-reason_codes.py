CODES = (
    "Aborted",
    "BuildDeadline",
    "BuildFailed",
    "DeploymentLost",
    "NeedsReview",
    "PausedTooLong",
    "ReadyDeadline",
    "Rejected",
    "ScanBlocked",
    "ScanDeadline",
    "Superseded",
    "WaiverExpired",
)


def migrate(cr, version):
    """The code of a reason is a field of its own; until now the sentence began with it."""
    for table, sentence, code in (
        ("mlops_model_version", "status_reason", "status_reason_code"),
        ("mlops_deployment", "reason", "reason_code"),
    ):
        cr.execute(
            f"""
            UPDATE {table} SET {code} = substring({sentence} from '^([A-Za-z]+)')
             WHERE {code} IS NULL AND substring({sentence} from '^([A-Za-z]+)(?:: | by )') = ANY(%s)
            """,
            [list(CODES)],
        )
