import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import Cast


@tagged("post_install", "-at_install")
class TestRpc(HttpCase, Cast):
    """The calls of the bridge and of n8n's stock Odoo node, over the wire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()
        cls.keys = {
            login: cls.env["res.users.apikeys"].with_user(cls.people[login]).sudo()._generate("rpc", "test", False)
            for login in ("bridge", "n8n", "ada", "ben")
        }

    def json2(self, login, model, method, **body):
        answer = self.url_open(
            f"/json/2/{model}/{method}", data=json.dumps(body),
            headers={"Authorization": f"bearer {self.keys[login]}", "Content-Type": "application/json"},
        )
        return answer.status_code, answer.json()

    def service(self, service, method, *args):
        answer = self.url_open("/jsonrpc", json={
            "jsonrpc": "2.0", "id": 1, "method": "call", "params": {"service": service, "method": method, "args": args},
        }).json()
        return answer.get("result"), answer.get("error", {}).get("data", {})

    def execute(self, model, method, *args):
        return self.service("object", "execute", self.env.cr.dbname, self.people["n8n"].id, self.keys["n8n"], model, method, *args)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.addons.rpc.controllers.jsonrpc")
    def test_the_stock_node_of_n8n(self):
        self.at("Live")
        uid, _error = self.service("common", "login", self.env.cr.dbname, self.people["n8n"].login, self.keys["n8n"])
        self.assertEqual(uid, self.people["n8n"].id)
        described, _error = self.execute("mlops.endpoint", "fields_get", [], ["string", "type", "required", "readonly"])
        self.assertEqual((described["is_available"]["type"], described["url"]["readonly"]), ("boolean", True))
        rows, _error = self.execute(
            "mlops.endpoint", "search_read", [["is_available", "=", True], ["environment_kind", "=", "production"]], [], 0, 50,
        )
        row, = rows
        self.assertEqual((row["version"], row["protocol"], json.loads(row["input_schema"])), ("1.0.0", "open-inference-v2", {"type": "object"}))
        self.assertEqual(row["environment_id"][1], "Production")
        read, _error = self.execute("mlops.endpoint", "read", [row["id"]], ["name", "url", "changed_at"])
        self.assertEqual(read[0]["url"], "https://gateway.test/endpoints/production/x")
        for method, *args in (("write", [row["id"]], {"url": "https://evil.test"}), ("unlink", [row["id"]]), ("create", {"name": "x"})):
            with self.subTest(method):
                _result, error = self.execute("mlops.endpoint", method, *args)
                self.assertEqual(error["name"], "odoo.exceptions.AccessError")
        staged = self.at("Staging")
        request_id, _error = self.execute("mlops.request", "create", {"action": "promote", "model_id": staged.model_id.id})
        read, _error = self.execute("mlops.request", "read", [request_id], ["state", "result", "version_id"])
        self.assertEqual((read[0]["state"], read[0]["version_id"][0]), ("accepted", staged.id))
        _result, error = self.execute("mlops.request", "create", {"action": "promote"})
        self.assertIn("Name a version", error["message"])

    @mute_logger("odoo.http")
    def test_a_person_and_the_bridge(self):
        status, check = self.json2("ada", "mlops.model", "upload_check", name="Wired", version="1")
        self.assertEqual((status, check["ok"]), (200, True))
        payload = self.payload("ada", name="Wired")
        status, registered = self.json2("ada", "mlops.model", "register_version", payload=payload)
        self.assertEqual((status, registered["created"]), (200, True))
        self.assertEqual(self.json2("ada", "mlops.model", "register_version", payload=payload)[1]["created"], False)
        version_id = registered["versionId"]
        status, me = self.json2("bridge", "mlops.model", "whoami")
        self.assertEqual((status, me["roles"]), (200, ["bridge"]))
        status, work = self.json2("bridge", "mlops.model.version", "work", version_id=version_id)
        self.assertEqual((status, work["slug"]), (200, "wired"))
        status, answer = self.json2(
            "bridge", "mlops.model.version", "report_validation", version_id=version_id, generation=1, verdict="pass", findings=[], details={},
            report_key="k", ruleset_version="1",
        )
        self.assertEqual((status, answer["status"]), (200, "Validated"))
        status, answer = self.json2("ben", "mlops.model.version", "approve_deployment", version_id=version_id, target="staging", seen=1)
        self.assertEqual((status, answer["message"][:6]), (422, "Stale:"))
        status, answer = self.json2("ada", "mlops.model.version", "approve_deployment", version_id=version_id, target="staging")
        self.assertEqual(status, 403)
        status, answer = self.json2("ben", "mlops.model.version", "approve_deployment", version_id=version_id, target="staging")
        self.assertEqual((status, answer["status"]), (200, "PendingStagingDeployment"))
        status, work = self.json2("bridge", "mlops.deployment", "work", deployment_id=answer["deploymentId"])
        self.assertEqual((status, work["phase"]), (200, "Pending"))
        status, _answer = self.json2("ben", "mlops.model.version", "detail", version_id=2**30)
        self.assertEqual(status, 404)

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc")
    def test_a_removed_key_stops_working_everywhere(self):
        rows, _error = self.execute("mlops.endpoint", "search_read", [], ["name"], 0, 1)
        self.assertIsNotNone(rows)
        self.env["res.users.apikeys"].sudo().search([("user_id", "=", self.people["n8n"].id)]).unlink()
        _rows, error = self.execute("mlops.endpoint", "search_read", [], ["name"], 0, 1)
        self.assertEqual(error.get("name"), "odoo.exceptions.AccessDenied")
