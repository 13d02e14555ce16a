import json
import xmlrpc.client
from unittest.mock import patch

import psycopg2

from odoo import api
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..common import Cast


@tagged("post_install", "-at_install")
class TestRpc(HttpCase, Cast):
    """The calls of the bridge and of n8n's stock Odoo node, over the wire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()
        cls.keys = {
            login: cls.env["res.users.apikeys"]
            .with_user(cls.people[login])
            .sudo()
            ._generate("rpc", "test", False)
            for login in ("bridge", "n8n", "ada", "ben")
        }

    def json2(self, login, model, method, **body):
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {self.keys[login]}",
                "Content-Type": "application/json",
            },
        )
        return answer.status_code, answer.json()

    def service(self, service, method, *args):
        answer = self.url_open(
            "/jsonrpc",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "call",
                "params": {"service": service, "method": method, "args": args},
            },
        ).json()
        return answer.get("result"), answer.get("error", {}).get("data", {})

    def execute(self, model, method, *args):
        return self.service(
            "object",
            "execute",
            self.env.cr.dbname,
            self.people["n8n"].id,
            self.keys["n8n"],
            model,
            method,
            *args,
        )

    @mute_logger(
        "odoo.http", "odoo.addons.base.models.ir_model", "odoo.addons.rpc.controllers.jsonrpc"
    )
    def test_the_stock_node_of_n8n(self):
        self.at("Live")
        uid, _error = self.service(
            "common", "login", self.env.cr.dbname, self.people["n8n"].login, self.keys["n8n"]
        )
        self.assertEqual(uid, self.people["n8n"].id)
        described, _error = self.execute(
            "mlops.endpoint", "fields_get", [], ["string", "type", "required", "readonly"]
        )
        self.assertEqual(
            (described["is_available"]["type"], described["url"]["readonly"]), ("boolean", True)
        )
        rows, _error = self.execute(
            "mlops.endpoint",
            "search_read",
            [["is_available", "=", True], ["environment_kind", "=", "production"]],
            [],
            0,
            50,
        )
        (row,) = rows
        self.assertEqual(
            (row["version"], row["protocol"], json.loads(row["input_schema"])),
            ("1.0.0", "open-inference-v2", {"type": "object"}),
        )
        self.assertEqual(row["environment_id"][1], "Production")
        read, _error = self.execute(
            "mlops.endpoint", "read", [row["id"]], ["name", "url", "changed_at"]
        )
        self.assertEqual(read[0]["url"], "https://gateway.test/endpoints/production/x")
        for method, *args in (
            ("write", [row["id"]], {"url": "https://evil.test"}),
            ("unlink", [row["id"]]),
            ("create", {"name": "x"}),
        ):
            with self.subTest(method):
                _result, error = self.execute("mlops.endpoint", method, *args)
                self.assertEqual(error["name"], "odoo.exceptions.AccessError")
        staged = self.at("Staging")
        request_id, _error = self.execute(
            "mlops.request", "create", {"action": "promote", "model_id": staged.model_id.id}
        )
        read, _error = self.execute(
            "mlops.request", "read", [request_id], ["state", "result", "version_id"]
        )
        self.assertEqual((read[0]["state"], read[0]["version_id"][0]), ("accepted", staged.id))
        _result, error = self.execute("mlops.request", "create", {"action": "promote"})
        self.assertIn("Name a version", error["message"])

    def test_node_v2_lists_the_models_that_its_account_may_use_and_no_more_of_them(self):
        status, rows = self.json2(
            "n8n", "ir.model", "search_read", domain=[], fields=["name", "model", "modules"]
        )
        self.assertEqual(status, 200, rows)
        self.assertEqual(
            {one["model"]: (one["name"], one["modules"]) for one in rows},
            {
                "mlops.endpoint": ("MLOps endpoint", "creativeflow_mlops"),
                "mlops.request": ("MLOps request", "creativeflow_mlops"),
                "mlops.version.catalogue": ("MLOps version catalogue", "creativeflow_mlops"),
            },
        )
        rows, error = self.execute("ir.model", "search_read", [], ["name", "model", "modules"])
        self.assertEqual((len(rows), error), (3, {}))
        status, rows = self.json2("n8n", "ir.model", "search_read", domain=[])
        self.assertEqual(
            (status, set(rows[0])),
            (200, {"id", "display_name", "name", "model", "modules", "is_mail_thread"}),
        )
        with mute_logger("odoo.http"):
            for fields in (["access_ids"], ["count"], ["field_id"], ["rule_ids"]):
                with self.subTest(fields=fields):
                    self.assertEqual(
                        self.json2("n8n", "ir.model", "search_read", domain=[], fields=fields)[0],
                        403,
                    )
            for model in (
                "ir.model.fields",
                "ir.model.access",
                "mlops.model.version",
                "res.users",
                "ir.model.data",
            ):
                with self.subTest(model):
                    status, rows = self.json2("n8n", model, "search_read", domain=[], fields=["id"])
                    self.assertTrue(status == 403 or rows == [], rows)
            self.assertEqual(
                self.json2("n8n", "ir.model", "write", ids=[1], vals={"name": "x"})[0], 403
            )

    def spellings(self, version):
        """field values of one wish as the nodes of n8n send them: text for whatever a person typed
        or chose.
        """
        number, name = version.id, version.display_name
        ways = (
            number,
            str(number),
            f" {number} ",
            float(number),
            [number, name],
            [str(number), name],
            [number],
            name,
            name.upper(),
            f"  {name.replace(' ', '  ')} ",
        )
        return [{"version_id": way} for way in ways] + [
            {"version_id": version.name, "model_id": version.model_id.name},
            {"model_id": str(version.model_id.id)},
            {"model_id": version.model_id.slug},
            {"version_id": number, "model_id": [version.model_id.id, "x"]},
        ]

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc")
    def test_both_nodes_name_a_version_in_their_ways_and_one_request_comes_of_it(self):
        version = self.at("Staging")
        first = None
        for values in self.spellings(version):
            with self.subTest(values=values):
                wish = {
                    "action": "Promote",
                    "strategy": "Blue-Green",
                    "environment_kind": "Production",
                    **values,
                }
                status, ids = self.json2("n8n", "mlops.request", "create", vals_list=[wish])
                self.assertEqual(status, 200, ids)
                one, error = self.execute("mlops.request", "create", wish)
                self.assertEqual((error, [one]), ({}, ids))
                first = first or one
                self.assertEqual(one, first, "the same promotion joins the open request")
        (row,) = self.json2(
            "n8n", "mlops.request", "read", ids=[first], fields=["state", "version_id", "strategy"]
        )[1]
        self.assertEqual(row["version_id"], [version.id, version.display_name])
        self.assertEqual((row["state"], row["strategy"]), ("accepted", "blue-green"))

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc")
    def test_what_names_no_version_is_refused_with_the_field_and_a_remedy(self):
        version = self.at("Staging")
        wrong = (
            [
                {"version_id": one}
                for one in (
                    True,
                    0,
                    -1,
                    1.5,
                    2**31,
                    10**30,
                    "1" * 400,
                    "nothing like that",
                    "%",
                    "_",
                    "\\",
                    "²",
                    "٣",
                    "\x00",
                    "\ud800",
                    {},
                    [],
                    [[]],
                    [1, 2, 3],
                    ["x", "y"],
                    [None, "x"],
                    {"id": version.id},
                    "é" * 5000,
                )
            ]
            + [{"version_id": version.id, "strategy": one} for one in ("fastest", 5, [], {}, True)]
            + [{"version_id": version.id, "model_id": one} for one in ("another", 2**40, True, {})]
            + [
                {"version_id": version.id, "comment": one}
                for one in ({}, [], True, "\x00", "\ud800")
            ]
            + [
                {"version_id": version.id, "action": one}
                for one in ("explode", 1, [], {}, True, None)
            ]
            + [
                {"version_id": version.id, "environment_kind": one}
                for one in ("staging", "moon", 1, [])
            ]
        )
        for values in wrong:
            with self.subTest(values=repr(values)[:80]):
                status, answer = self.json2(
                    "n8n", "mlops.request", "create", vals_list=[{"action": "promote", **values}]
                )
                self.assertEqual(
                    (status, answer.get("name")), (422, "odoo.exceptions.ValidationError"), answer
                )
                named = [name for name in values if name in answer["message"]]
                self.assertTrue(named, answer["message"])
                _result, error = self.execute(
                    "mlops.request", "create", {"action": "promote", **values}
                )
                self.assertEqual(
                    (error["name"], error["message"]),
                    ("odoo.exceptions.ValidationError", answer["message"]),
                )
        for vals_list in ([5], ["x"], "x", [None]):
            with self.subTest(vals_list=vals_list):
                self.assertEqual(
                    self.json2("n8n", "mlops.request", "create", vals_list=vals_list)[0], 422
                )

    def test_a_workflow_finds_a_version_for_its_first_deployment(self):
        version = self.at("Validated")
        self.at("Staging", submitter="abe")
        domain = [["can_deploy", "=", True], ["model", "ilike", version.model_id.name]]
        status, rows = self.json2("n8n", "mlops.version.catalogue", "search_read", domain=domain)
        self.assertEqual(status, 200, rows)
        (row,) = rows
        self.assertEqual(
            (row["id"], row["version"], row["status"], row["is_newest"]),
            (version.id, "1.0.0", "Validated", True),
        )
        self.assertFalse({"params", "metrics", "image_digest", "serving"} & set(row))
        ids, _error = self.execute(
            "mlops.request", "create", {"action": "deploy", "version_id": str(row["id"])}
        )
        self.assertTrue(ids)
        with mute_logger("odoo.http"):
            self.assertEqual(
                self.json2("n8n", "mlops.version.catalogue", "create", vals_list=[{"name": "x"}])[
                    0
                ],
                403,
            )

    @mute_logger("odoo.http")
    def test_a_person_and_the_bridge(self):
        status, check = self.json2("ada", "mlops.model", "upload_check", name="Wired", version="1")
        self.assertEqual((status, check["ok"]), (200, True))
        payload = self.payload("ada", name="Wired")
        status, registered = self.json2("ada", "mlops.model", "register_version", payload=payload)
        self.assertEqual((status, registered["created"]), (200, True))
        self.assertEqual(
            self.json2("ada", "mlops.model", "register_version", payload=payload)[1]["created"],
            False,
        )
        version_id = registered["versionId"]
        status, me = self.json2("bridge", "mlops.model", "whoami")
        self.assertEqual((status, me["roles"]), (200, ["bridge"]))
        status, work = self.json2("bridge", "mlops.model.version", "work", version_id=version_id)
        self.assertEqual((status, work["slug"]), (200, "wired"))
        status, answer = self.json2(
            "bridge",
            "mlops.model.version",
            "report_validation",
            version_id=version_id,
            generation=1,
            verdict="pass",
            findings=[],
            details={},
            report_key="k",
            ruleset_version="1",
        )
        self.assertEqual((status, answer["status"]), (200, "Validated"))
        status, answer = self.json2(
            "ben",
            "mlops.model.version",
            "approve_deployment",
            version_id=version_id,
            target="staging",
            seen=1,
        )
        self.assertEqual((status, answer["context"]), (422, {"code": "stale"}))
        status, answer = self.json2(
            "ada",
            "mlops.model.version",
            "approve_deployment",
            version_id=version_id,
            target="staging",
        )
        self.assertEqual(status, 403)
        status, answer = self.json2(
            "ben",
            "mlops.model.version",
            "approve_deployment",
            version_id=version_id,
            target="staging",
        )
        self.assertEqual((status, answer["status"]), (200, "PendingStagingDeployment"))
        status, work = self.json2(
            "bridge", "mlops.deployment", "work", deployment_id=answer["deploymentId"]
        )
        self.assertEqual((status, work["phase"]), (200, "Pending"))
        status, _answer = self.json2("ben", "mlops.model.version", "detail", version_id=2**30)
        self.assertEqual(status, 404)

    @mute_logger(
        "odoo.http",
        "odoo.addons.rpc.controllers.jsonrpc",
        "odoo.addons.rpc.controllers.xmlrpc",
        "odoo.service.model",
    )
    def test_an_unexpected_exception_tells_nothing_of_the_server(self):
        """Over each wire: no traceback, no path, and not the exception's own text."""
        self.people["ben"].password = "a long enough password"
        self.authenticate(self.people["ben"].login, "a long enough password")
        call = {"model": "mlops.model", "method": "whoami", "args": [], "kwargs": {}}
        old = [
            self.env.cr.dbname,
            self.people["ben"].id,
            self.keys["ben"],
            "mlops.model",
            "whoami",
            [],
            {},
        ]
        wires = {
            "/json/2": lambda: self.url_open(
                "/json/2/mlops.model/whoami",
                data="{}",
                headers={
                    "Authorization": f"bearer {self.keys['ben']}",
                    "Content-Type": "application/json",
                },
            ),
            "/jsonrpc": lambda: self.url_open(
                "/jsonrpc",
                json={
                    "jsonrpc": "2.0",
                    "method": "call",
                    "params": {"service": "object", "method": "execute_kw", "args": old},
                },
            ),
            "call_kw": lambda: self.url_open(
                "/web/dataset/call_kw", json={"jsonrpc": "2.0", "method": "call", "params": call}
            ),
            "call_button": lambda: self.url_open(
                "/web/dataset/call_button",
                json={"jsonrpc": "2.0", "method": "call", "params": call},
            ),
            **{
                path: lambda path=path: self.url_open(
                    path,
                    data=xmlrpc.client.dumps(tuple(old), "execute_kw"),
                    headers={"Content-Type": "text/xml"},
                )
                for path in ("/xmlrpc/object", "/xmlrpc/2/object")
            },
        }
        for kind in (ValueError, KeyError, psycopg2.OperationalError):
            for name, wire in wires.items():

                @api.model
                def broken(_self, kind=kind):
                    raise kind("SECRET /srv/odoo/secret.py host=10.0.0.1")

                with patch.object(self.env.registry["mlops.model"], "whoami", broken):
                    text = wire().text
                for mark in (
                    "SECRET",
                    "Traceback",
                    'File "',
                    ".py",
                    "/srv/",
                    "site-packages",
                    "dist-packages",
                ):
                    self.assertNotIn(mark, text, name)
                self.assertIn("Its log says why", text, name)

    @mute_logger("odoo.http")
    def test_a_refusal_says_why_and_nothing_of_the_server(self):
        status, answer = self.json2(
            "ben", "mlops.model.version", "reject", version_id=2**30, reason="no"
        )
        self.assertEqual(
            (status, answer["name"], answer["debug"]), (404, "odoo.exceptions.MissingError", "")
        )
        self.assertIn("not found", answer["message"])

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc")
    def test_a_removed_key_stops_working_everywhere(self):
        rows, _error = self.execute("mlops.endpoint", "search_read", [], ["name"], 0, 1)
        self.assertIsNotNone(rows)
        self.env["res.users.apikeys"].sudo().search(
            [("user_id", "=", self.people["n8n"].id)]
        ).unlink()
        _rows, error = self.execute("mlops.endpoint", "search_read", [], ["name"], 0, 1)
        self.assertEqual(error.get("name"), "odoo.exceptions.AccessDenied")
