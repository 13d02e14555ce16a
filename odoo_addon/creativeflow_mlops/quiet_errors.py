"""What an unexpected exception tells outside: that it was one. Its traceback, its paths and its
text stay in the server's log.

Each entrance serialises exceptions by one of three functions of Odoo, none of which a model could
extend; they are wrapped when the addon is loaded.
"""

import functools
import xmlrpc.client

from werkzeug.exceptions import HTTPException

from odoo import exceptions, http

from odoo.addons.rpc.controllers import xmlrpc as xmlrpc_controller

SAID = "The server could not do this. Its log says why."
# What is written for people: errors of Odoo's own modules, and HTTP's.
TELLING = (
    exceptions.UserError,
    exceptions.RedirectWarning,
    HTTPException,
    http.SessionExpiredException,
)


def is_telling(exception):
    return isinstance(exception, TELLING) or type(exception).__module__ in (
        "odoo.exceptions",
        "odoo.http",
    )


def quietly(serialize):
    @functools.wraps(serialize)
    def serialized(exception, *, message=None, arguments=None):
        if is_telling(exception):
            told = serialize(exception, message=message, arguments=arguments)
        else:
            told = {**serialize(exception, message=SAID, arguments=()), "context": {}}
        return {**told, "debug": ""}

    return serialized


def quiet_fault(handle, code):
    @functools.wraps(handle)
    def handled(exception):
        if is_telling(exception):
            return handle(exception)
        fault = (
            xmlrpc.client.Fault(code, SAID)
            if isinstance(code, int)
            else xmlrpc.client.Fault(SAID, "")
        )
        return xmlrpc_controller.dumps(fault)

    return handled


def post_load():
    """Once for the process, however often the addon is loaded."""
    if hasattr(http.serialize_exception, "__wrapped__"):
        return
    http.serialize_exception = quietly(http.serialize_exception)
    xmlrpc_controller.xmlrpc_handle_exception_int = quiet_fault(
        xmlrpc_controller.xmlrpc_handle_exception_int,
        xmlrpc_controller.RPC_FAULT_CODE_APPLICATION_ERROR,
    )
    xmlrpc_controller.xmlrpc_handle_exception_string = quiet_fault(
        xmlrpc_controller.xmlrpc_handle_exception_string, None
    )
