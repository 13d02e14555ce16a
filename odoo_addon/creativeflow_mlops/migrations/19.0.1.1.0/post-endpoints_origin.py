import os

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Endpoints have an origin of their own: what was recorded at the app's moves there.

    Where it is: the parameter, or ENDPOINTS_PUBLIC_URL. When neither says so yet, the move waits
    for the parameter.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    parameters = env["ir.config_parameter"]
    name, given = "creativeflow_mlops.endpoints_url", os.environ.get("ENDPOINTS_PUBLIC_URL")
    if given and not parameters.get_param(name):
        parameters.set_param(name, given)  # which moves them
    else:
        env["mlops.endpoint"]._move_addresses()
