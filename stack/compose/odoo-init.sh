#!/bin/bash
# Installs or updates the addon, then seeds companies, people and keys. Can be run again.
set -euo pipefail
secret() { cat "/run/creativeflow/$1" 2> /dev/null || true; }
export PGPASSWORD; PGPASSWORD=$(secret postgresOdooPassword)
# the password is PGPASSWORD, which libpq reads: a command line is everybody's to read
database=(--db_host=postgres --db_port=5432 --db_user=odoo --addons-path=/mnt/extra-addons --data-dir=/var/lib/odoo -d creativeflow)

installed=$(psql -h postgres -U odoo -d creativeflow -tAc "SELECT 1 FROM ir_module_module WHERE name = 'creativeflow_mlops' AND state IN ('installed', 'to upgrade')" 2> /dev/null || true)
if [ "$installed" = 1 ]; then modules=(-u creativeflow_mlops); else modules=(-i base,mail,rpc,creativeflow_mlops); fi
odoo "${database[@]}" "${modules[@]}" --stop-after-init --no-http

CREATIVEFLOW_SEED=$(python3 - <<'PYTHON'
import json, os, pathlib
folder = pathlib.Path("/run/creativeflow")
read = lambda name: (folder / name).read_text().strip() if (folder / name).exists() else ""
print(json.dumps({
    "people": {path.name.removeprefix("password_"): path.read_text().strip() for path in folder.glob("password_*")},
    "receiptSecret": read("receiptSecret"), "bridgeKey": read("bridgeKey"), "n8nKey": read("n8nKey"),
    "gatewayUrl": "http://127.0.0.1:18080", "publicUrl": os.environ["PUBLIC_URL"], "endpointsUrl": os.environ["ENDPOINTS_PUBLIC_URL"], "registry": "registry.creativeflow.internal:15000",
}))
PYTHON
)
export CREATIVEFLOW_SEED
answer=$(odoo shell "${database[@]}" --no-http --log-level=warn < /seed.py | sed -n 's/^SEED //p')
[ -n "$answer" ] || { echo 'Odoo could not be seeded; the lines above say why.' >&2; exit 1; }
python3 - "$answer" <<'PYTHON'
import json, pathlib, sys
for name, value in json.loads(sys.argv[1]).items():
    path = pathlib.Path("/run/creativeflow") / name
    path.write_text(value)
    path.chmod(0o644)
PYTHON
chown -R odoo: /var/lib/odoo
