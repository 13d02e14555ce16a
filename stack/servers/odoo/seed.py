# Run by `odoo shell`: companies, people, service accounts and their keys. Can be run again; makes
# what is missing.
import json
import os

wanted = json.loads(os.environ["CREATIVEFLOW_SEED"])
ADDON = "creativeflow_mlops"


def group(name):
    return env.ref(f"{ADDON}.{name}")


def company(name):
    Company = env["res.company"]
    return Company.search([("name", "=", name)], limit=1) or Company.create({"name": name})


def person(login, name, groups, home, password=None):
    Users = env["res.users"].with_context(no_reset_password=True, active_test=False)
    user = Users.search([("login", "=", login)], limit=1)
    groups = env.ref("base.group_user") | groups
    if not user:
        user = Users.create(
            {
                "login": login,
                "name": name,
                "company_id": home.id,
                "company_ids": [(6, 0, home.ids)],
                "group_ids": [(6, 0, groups.ids)],
            }
        )
    if password:  # a service account has none at all
        user.password = password
    user.partner_id.email = user.partner_id.email or f"{login}@creativeflow.example"
    user.write({"group_ids": [(4, one.id) for one in groups]})
    return user


def key_of(user, known):
    """The key that is still good, or a new one. Keys without end are for service accounts alone."""
    Keys = env["res.users.apikeys"].sudo()
    if known and Keys._check_credentials(scope="rpc", key=known) == user.id:
        return known
    Keys.search([("user_id", "=", user.id)]).unlink()
    return Keys.with_user(user).sudo()._generate("rpc", "stack", None)


parameters = env["ir.config_parameter"].sudo()
parameters.set_param(f"{ADDON}.receipt_secret", wanted["receiptSecret"])
parameters.set_param(f"{ADDON}.gateway_url", wanted["gatewayUrl"])
parameters.set_param(f"{ADDON}.public_url", wanted["publicUrl"])
parameters.set_param(f"{ADDON}.endpoints_url", wanted["endpointsUrl"])
parameters.set_param(f"{ADDON}.registry", wanted["registry"])
parameters.set_param("web.base.url", wanted["publicUrl"])
parameters.set_param("web.base.url.freeze", "True")
parameters.set_param("auth_signup.invitation_scope", "b2b")

main = env.ref("base.main_company")
if main.name != "CreativeFlow":
    main.name = "CreativeFlow"
other = company("Other Ltd")
env["mlops.environment"]._create_missing(main | other)
env["mlops.environment"].with_context(active_test=False).search([]).write(
    {"gateway_url": wanted["gatewayUrl"], "registry": wanted["registry"]}
)

passwords = wanted["people"]
person("ada", "Ada Data", group("group_data_scientist"), main, passwords["ada"])
person("ben", "Ben Approver", group("group_approver"), main, passwords["ben"])
person("mia", "Mia Manager", group("group_manager"), main, passwords["mia"])
person("vera", "Vera Viewer", group("group_viewer"), main, passwords["vera"])
person("olga", "Olga Other", group("group_manager"), other, passwords["olga"])
admin = env.ref("base.user_admin")
admin.password = passwords["admin"]
admin.write({"company_ids": [(4, other.id)], "group_ids": [(4, group("group_manager").id)]})

bridge = person("bridge", "CreativeFlow bridge", group("group_bridge"), main)
bridge.write({"company_ids": [(6, 0, (main | other).ids)]})
n8n = person(
    "n8n", "n8n workflows", group("group_endpoint_reader") | group("group_requester"), main
)
keys = {"bridgeKey": key_of(bridge, wanted["bridgeKey"]), "n8nKey": key_of(n8n, wanted["n8nKey"])}
env.cr.commit()
print("SEED " + json.dumps(keys))
