from odoo.exceptions import AccessError, MissingError
from odoo.tests import tagged

from odoo.addons.bus.models.ir_websocket import IrWebsocket as BusWebsocket

from ..common import MlopsCase

MODELS = (
    "mlops.model",
    "mlops.model.version",
    "mlops.artifact",
    "mlops.scan",
    "mlops.finding",
    "mlops.approval",
    "mlops.deployment",
    "mlops.endpoint",
    "mlops.event",
)


@tagged("post_install", "-at_install")
class TestVisibility(MlopsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["teammate"] = cls.make_user("teammate", ("viewer",), cls.company)
        cls.people["reader2"] = cls.make_user("reader2", ("endpoint_reader",), cls.other_company)
        cls.team = cls.env["mlops.team"].create(
            {
                "name": "Secret",
                "company_id": cls.company.id,
                "member_ids": [(6, 0, [cls.people["ada"].id, cls.people["teammate"].id])],
            }
        )

    def test_by_company_and_team(self):
        failed = self.at("ValidationFailed", team="Secret")
        live = self.register("ada", name=failed.model_id.name, version="2")
        self.people["ben"].write(
            {"group_ids": [(4, self.env.ref("creativeflow_mlops.group_manager").id)]}
        )
        self.at("Live", version=live)
        self.people["ben"].write(
            {"group_ids": [(3, self.env.ref("creativeflow_mlops.group_manager").id)]}
        )
        for model in MODELS:
            own = {
                "mlops.model": "id",
                "mlops.model.version": "model_id",
                "mlops.endpoint": "model_id",
                "mlops.event": "model_id",
            }
            field = own.get(model, "version_id.model_id")
            domain = [(field, "=", failed.model_id.id)]
            for login, sees in {
                "teammate": True,
                "mia": True,
                "vera": False,
                "ben": False,
                "abe": False,
                "olga": False,
            }.items():
                with self.subTest(model=model, login=login):
                    self.assertEqual(bool(self.of(model, login).search_count(domain)), sees)

    def test_the_methods_say_no_such_version(self):
        version = self.at("Validated", team="Secret")
        for login in ("vera", "ben", "olga"):
            with self.subTest(login), self.assertRaises(MissingError):
                self.versions(login).detail(version.id)
        with self.assertRaises(MissingError):
            self.versions("ben").approve_deployment(version.id, "staging")
        with self.assertRaises(MissingError):
            self.of("mlops.model", "vera").detail(version.model_id.id)
        self.assertFalse(
            self.of("mlops.model", "vera").list_page(search=version.model_id.name)["items"]
        )
        self.assertFalse(self.of("mlops.model", "olga").list_page()["items"])
        self.assertEqual(
            self.of("mlops.model", "teammate").list_page(search=version.model_id.name)["total"], 1
        )

    def test_what_served_an_endpoint_is_told_to_whom_may_see_it(self):
        first = self.at("Live")
        second = self.supersede(first)
        endpoint = (
            self.env["mlops.endpoint"]
            .sudo()
            .search([("model_id", "=", first.model_id.id), ("environment_kind", "=", "production")])
        )
        served = self.of("mlops.endpoint", "vera").served_by(endpoint.id)
        self.assertEqual(served["namespace"], endpoint.environment_id.namespace)
        self.assertEqual(
            served["versions"],
            [
                {"versionId": one.id, "version": one.name, "slug": first.model_id.slug}
                for one in (second, first)
            ],
        )
        with self.assertRaises(MissingError):
            self.of("mlops.endpoint", "reader2").served_by(endpoint.id)

    def test_endpoints_of_another_company(self):
        version = self.at("Live")
        self.assertEqual(
            self.of("mlops.endpoint", "n8n").search_count([("model_id", "=", version.model_id.id)]),
            2,
        )
        self.assertFalse(self.of("mlops.endpoint", "reader2").search_count([]))
        for model in MODELS[:7]:
            with self.subTest(model), self.assertRaises(AccessError):
                self.of(model, "n8n").search_count([])

    def test_orders_to_the_bridge_are_for_managers(self):
        version = self.register()
        domain = [("version_id", "=", version.id), ("command", "!=", False)]
        self.assertFalse(self.of("mlops.event", "vera").search_count(domain))
        self.assertTrue(self.of("mlops.event", "mia").search_count(domain))

    def test_environments_and_webhooks_by_company(self):
        self.assertEqual(self.of("mlops.environment", "olga").list_page()["total"], 2)
        self.of("mlops.webhook", "mia").create({"name": "w", "url": "https://hooks.test"})
        self.assertFalse(self.of("mlops.webhook", "olga").search_count([]))

    def test_the_live_channel_is_guarded(self):
        version = self.at("Validated", team="Secret")
        channel = f"creativeflow_mlops.version_{version.id}"
        self.patch(BusWebsocket, "_build_bus_channel_list", lambda _self, channels: channels)
        for login, opens in {
            "ada": True,
            "mia": True,
            "vera": False,
            "olga": False,
            "outsider": False,
        }.items():
            with self.subTest(login):
                channels = self.of("ir.websocket", login)._build_bus_channel_list(
                    [channel, "creativeflow_mlops.version_x"]
                )
                self.assertEqual(
                    version.id
                    in [one.id for one in channels if getattr(one, "_name", "") == version._name],
                    opens,
                )
                self.assertNotIn(channel, [one for one in channels if isinstance(one, str)])

    def test_moving_a_model_to_a_team_moves_everything(self):
        version = self.at("Validated")
        version.model_id.with_user(self.people["mia"]).team_id = self.team
        with self.assertRaises(MissingError):
            self.versions("vera").detail(version.id)
        self.assertFalse(
            self.of("mlops.artifact", "vera").search_count([("version_id", "=", version.id)])
        )
