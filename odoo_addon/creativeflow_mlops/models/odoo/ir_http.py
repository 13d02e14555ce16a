import copy
import logging
import random
import time

from psycopg2.errors import DeadlockDetected, SerializationFailure

from odoo import models
from odoo.http import request

_logger = logging.getLogger(__name__)
# Up to so many seconds before each further try. Afterwards Odoo tries again itself, after up to 2,
# 4 … seconds.
WAITS = (0.02, 0.06, 0.2)
OUR_CALLS = ("/web/dataset/call_kw/mlops.", "/web/dataset/call_button/mlops.", "/json/2/mlops.")


class IrHttp(models.AbstractModel):
    """A decision that collides with a report of the bridge is made again at once.

    The other transaction is over by then and lasted milliseconds; the wait that Odoo draws before
    its own second try, up to two seconds, would be most of the time that a rollback takes.
    """

    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        if not request.httprequest.path.startswith(OUR_CALLS):
            return super()._dispatch(endpoint)
        for wait in WAITS:
            given = copy.deepcopy(request.params)
            try:
                result = super()._dispatch(endpoint)
                request.env.cr.flush()  # what is written only now can collide too
                return result
            except (SerializationFailure, DeadlockDetected) as error:
                _logger.info(
                    "%s collided with another transaction, again at once: %s",
                    request.httprequest.path,
                    type(error).__name__,
                )
                _start_anew()
                request.params = given
                time.sleep(random.uniform(0, wait))
        return super()._dispatch(endpoint)


def _start_anew():
    """Forget what this transaction read and wrote, as Odoo does before its own second try."""
    env = request.env
    env.cr.rollback()
    env.transaction.reset()
    env.registry.reset_changes()
