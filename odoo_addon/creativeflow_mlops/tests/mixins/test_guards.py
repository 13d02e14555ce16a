import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..common import Cast, MlopsCase, digest

LOGINS = ("vera", "ada", "ben", "mia", "bridge", "n8n", "outsider", "admin")
GUARDED = {
    "status": "Live",
    "image_digest": digest("f"),
    "lock_version": 1,
    "generation": 9,
    "is_available": True,
    "submitter_id": 2,
    "road": [],
}


@tagged("post_install", "-at_install")
class TestGuards(MlopsCase):
    """Routes inside the server: sudo does not help, the key does, and it is no value that one could
    send.
    """

    def test_sudo_is_not_enough(self):
        version = self.at("Staging")
        for name, value in GUARDED.items():
            with self.subTest(name), self.assertRaises(AccessError):
                version.sudo().write({name: value})
            with self.subTest(name), self.assertRaises(AccessError):
                version.sudo().with_context(mlops_key=True).write({name: value})
        with self.assertRaises(AccessError):
            self.env["mlops.model.version"].sudo().create(
                {"model_id": version.model_id.id, "name": "9"}
            )
        with self.assertRaises(AccessError):
            version.sudo().copy({"name": "9"})
        with self.assertRaises(AccessError):
            version.sudo().unlink()
        with self.assertRaises(AccessError):
            version.model_id.sudo().write({"version_ids": [(1, version.id, {"status": "Live"})]})
        with self.assertRaises(AccessError):
            version.artifact_ids[0].sudo().write({"digest": digest("0")})
        with self.assertRaises(AccessError):
            version.deployment_ids[0].sudo().write({"phase": "Ready"})
        self.assertEqual(version.status, "Staging")

    def test_a_server_action_is_not_enough(self):
        version = self.at("Staging")
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "state": "code",
                "model_id": self.env["ir.model"]._get_id(version._name),
                "code": "records.sudo().write({'status': 'Live'})",
            }
        )
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_actions"):
            action.with_context(
                active_model=version._name, active_id=version.id, active_ids=version.ids
            ).run()

    def test_the_fields_say_that_they_are_readonly(self):
        described = self.versions("mia").fields_get(
            ["status", "image_digest", "description"], ["readonly"]
        )
        self.assertEqual(
            {name: one["readonly"] for name, one in described.items()},
            {"status": True, "image_digest": True, "description": False},
        )


@tagged("post_install", "-at_install")
class TestGuardsOverRpc(HttpCase, Cast):
    """Every route that a client has, as every role: nothing writes a guarded field."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()
        cls.keys = {
            login: cls.env["res.users.apikeys"]
            .with_user(cls.people[login])
            .sudo()
            ._generate("rpc", "test", False)
            for login in LOGINS
        }

    def json2(self, login, model, method, **body):
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {self.keys[login]}",
                "Content-Type": "application/json",
            },
        )

    def routes(self, version):
        """name → (model, method, body) of each way to reach `status`."""
        model, ids = version._name, version.ids
        create = {
            "model_id": version.model_id.id,
            "name": "evil",
            "submitter_id": self.people["ada"].id,
        }
        return {
            "write": (model, "write", {"ids": ids, "vals": {"status": "Live"}}),
            "write with a spoofed key": (
                model,
                "write",
                {
                    "ids": ids,
                    "vals": {"status": "Live"},
                    "context": {"mlops_key": True, "tok": 1, "su": True},
                },
            ),
            "web_save": (
                model,
                "web_save",
                {"ids": ids, "vals": {"status": "Live"}, "specification": {}},
            ),
            "one2many of the model": (
                "mlops.model",
                "write",
                {
                    "ids": version.model_id.ids,
                    "vals": {"version_ids": [[1, version.id, {"status": "Live"}]]},
                },
            ),
            "one2many of the artifact": (
                model,
                "write",
                {
                    "ids": ids,
                    "vals": {
                        "artifact_ids": [[1, version.artifact_ids[0].id, {"digest": digest("0")}]]
                    },
                },
            ),
            "create": (model, "create", {"vals_list": [{**create, "status": "Live"}]}),
            "create by default_status": (
                model,
                "create",
                {"vals_list": [create], "context": {"default_status": "Live"}},
            ),
            "name_create": (model, "name_create", {"name": "evil"}),
            "copy": (model, "copy", {"ids": ids, "default": {"name": "evil", "status": "Live"}}),
            "load": (
                model,
                "load",
                {"fields": [".id", "status"], "data": [[str(version.id), "Live"]]},
            ),
            "toggle through the related field": (
                "mlops.model",
                "write",
                {"ids": version.model_id.ids, "vals": {"newest_status": "Live"}},
            ),
            "unlink": (model, "unlink", {"ids": ids}),
            "the private method": (model, "_move", {"ids": ids, "name": "live"}),
            "the key by name": (model, "keyed", {"ids": ids}),
            "digest": (model, "write", {"ids": ids, "vals": {"image_digest": digest("0")}}),
            "artifact": (
                "mlops.artifact",
                "write",
                {"ids": version.artifact_ids.ids, "vals": {"digest": digest("0")}},
            ),
            "approval": (
                "mlops.approval",
                "create",
                {"vals_list": [{"version_id": version.id, "decision": "approved"}]},
            ),
            "deployment": (
                "mlops.deployment",
                "write",
                {"ids": version.deployment_ids.ids, "vals": {"is_live": True}},
            ),
            "endpoint": (
                "mlops.endpoint",
                "create",
                {"vals_list": [{"name": "x", "url": "https://evil.test"}]},
            ),
            "journal": ("mlops.event", "create", {"vals_list": [{"topic": "spoof"}]}),
        }

    @mute_logger(
        "odoo.http",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
        "odoo.models",
    )
    def test_every_route_as_every_role(self):
        version = self.at("Staging")
        before = (version.status, version.image_digest, version.lock_version, version.write_date)
        count = self.env["mlops.model.version"].search_count([])
        for login in LOGINS:
            for name, (model, method, body) in self.routes(version).items():
                with self.subTest(login=login, route=name):
                    answer = self.json2(login, model, method, **body)
                    if (
                        method == "load"
                    ):  # an import answers with messages; without any access at all it is refused
                        refused = answer.status_code == 403 or (
                            answer.json()["ids"] is False and answer.json()["messages"]
                        )
                    else:
                        refused = answer.status_code in (403, 404, 422)
                    self.assertTrue(refused, f"{answer.status_code} {answer.text[:300]}")
                    self.env.invalidate_all()
                    self.assertEqual(
                        (
                            version.status,
                            version.image_digest,
                            version.lock_version,
                            version.write_date,
                        ),
                        before,
                    )
        self.assertEqual(self.env["mlops.model.version"].search_count([]), count)

    @mute_logger("odoo.http")
    def test_call_kw_with_a_session(self):
        version = self.at("Staging")
        self.people["mia"].password = "a long enough password"
        self.authenticate(self.people["mia"].login, "a long enough password")
        for method, args in (
            ("write", [version.ids, {"status": "Live"}]),
            ("web_save", [version.ids, {"status": "Live"}, {}]),
        ):
            with self.subTest(method):
                answer = self.url_open(
                    "/web/dataset/call_kw",
                    json={
                        "jsonrpc": "2.0",
                        "id": 1,
                        "method": "call",
                        "params": {
                            "model": version._name,
                            "method": method,
                            "args": args,
                            "kwargs": {"context": {"mlops_key": True}},
                        },
                    },
                ).json()
                self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")
        self.env.invalidate_all()
        self.assertEqual(version.status, "Staging")
