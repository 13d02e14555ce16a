from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """The history of each policy begins now, and stored pipelines no longer claim what a version is
    not.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["mlops.environment"].search([])._remember_policy()
    ended = ("Superseded", "Archived", "ProdFailed", "StagingFailed")
    for one in (
        env["mlops.model.version"].with_context(active_test=False).search([("status", "in", ended)])
    ):
        one._refresh_road()
