# Run inside `odoo shell` by bench/socket-latency.ts: each line that comes over the socket is one
# change of a version's status, by Odoo's own transition and as the person; the answer is the
# event's id and the time at which the commit was ordered.
import json
import socket
import time

VERSION, LOGIN, PATH = BENCH  # noqa: F821 put in front by the caller
TRANSITIONS = {
    "Validated": ("reject", "a benchmark says no"),
    "ValidationFailed": ("waiver_accepted", None),
}
person = env["res.users"].search([("login", "=", LOGIN)])  # noqa: F821 given by the shell
env = env(user=person)  # noqa: F821
line = socket.socket(socket.AF_UNIX)
line.connect(PATH)
with line.makefile("rw", buffering=1) as orders:
    for _order in orders:
        version = env["mlops.model.version"].browse(VERSION)
        version._locked()
        version._move(*TRANSITIONS[version.sudo().status])
        status = version.sudo().status
        env.cr.execute("SELECT max(id) FROM mlops_event WHERE version_id = %s", [VERSION])
        event = env.cr.fetchone()[0]
        env.cr.flush()  # all that Odoo does before a commit; what is left is the commit itself
        at = time.time()
        env.cr.commit()
        orders.write(json.dumps({"event": event, "status": status, "at": at * 1000}) + "\n")
