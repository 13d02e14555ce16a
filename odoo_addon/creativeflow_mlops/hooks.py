from .models.database.journal_guard import drop_journal_guard
from .models.database.state_guard import drop_guards
from .models.events.rights_feed import drop_rights_feed


def post_init_hook(env):
    """Every company that exists gets its two environments; later ones get theirs when they are
    created.
    """
    env["mlops.environment"]._create_missing(env["res.company"].sudo().search([]))


def uninstall_hook(env):
    """Triggers go with their tables; their functions would stay."""
    drop_guards(env.cr)
    drop_journal_guard(env.cr)
    drop_rights_feed(env.cr)
    for name in (
        "mlops_version_digest_stays",
        "mlops_artifact_immutable",
        "mlops_policy_snapshot_stays",
    ):
        env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
