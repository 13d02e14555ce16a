import importlib.util
import os
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...models.deployment.endpoint_address import PARAMETER, RECORDED
from ...models.mixins.protected_fields import keyed
from ..common import MlopsCase

OLD, NEW = "https://mlops.test:18443", "https://endpoints.test:18444"


@tagged("post_install", "-at_install")
class TestEndpointOrigin(MlopsCase):
    """Endpoints and previews are at an origin of their own, whoever reports another one."""

    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.search([("key", "=", PARAMETER)]).unlink()

    def live_at(self, origin, version=None):
        """A version live in production, whose bridge reported this origin; a request asked for its
        promotion.
        """
        version = self.at("PendingProdDeployment", version)
        deployment = self.newest_deployment(version)
        self.facts(
            deployment,
            "Progressing",
            previewUrl=f"{origin}/previews/production/{version.model_id.slug}",
        )
        keyed(self.env["mlops.request"]).create(
            {
                "action": "promote",
                "version_id": version.id,
                "model_id": version.model_id.id,
                "state": "accepted",
                "environment_kind": "production",
                "requested_by_id": self.people["ada"].id,
                "company_id": version.company_id.id,
                "deployment_id": deployment.id,
            }
        )._tell_state()
        self.facts(
            deployment,
            "Ready",
            endpointUrl=f"{origin}/endpoints/production/{version.model_id.slug}",
        )
        return version

    def recorded(self):
        """Every text field of every model of ours that holds an address of something served, found
        without the table.
        """
        found = {}
        for model in self.env.values():
            if (
                not model._name.startswith("mlops.")
                or not model._auto
                or model._transient
                or model._name in ("mlops.event", "mlops.webhook")
            ):
                continue
            for name, field in model._fields.items():
                if field.type not in ("char", "text") or not field.store:
                    continue
                for record in (
                    model.sudo().with_context(active_test=False).search([(name, "!=", False)])
                ):
                    if "/endpoints/" in record[name] or "/previews/" in record[name]:
                        found.setdefault((model._name, name), []).append(record[name])
        return found

    def everywhere(self, origin):
        for place, urls in self.recorded().items():
            self.assertEqual([url for url in urls if not url.startswith(f"{origin}/")], [], place)

    def test_what_is_recorded_moves_when_the_origin_is_configured(self):
        version = self.live_at(OLD)
        self.assertEqual(
            set(self.recorded()), set(RECORDED), "a field that holds addresses is not moved"
        )
        last = self.env["mlops.event"].sudo().search([], order="id desc", limit=1).id
        self.parameters.set_param(PARAMETER, NEW)
        self.everywhere(NEW)
        self.assertEqual(
            version.prod_endpoint_url, f"{NEW}/endpoints/production/{version.model_id.slug}"
        )
        told = (
            self.env["mlops.event"]
            .sudo()
            .search([("id", ">", last), ("topic", "=", "endpoint.changed")])
        )
        self.assertIn(
            f"{NEW}/endpoints/production/{version.model_id.slug}",
            [event.payload["url"] for event in told],
        )
        self.parameters.set_param(PARAMETER, "https://models.test/")
        self.everywhere("https://models.test")

    def test_a_bridge_that_reports_the_old_origin_does_not_bring_it_back(self):
        self.parameters.set_param(PARAMETER, NEW)
        for origin in (OLD, "http://127.0.0.1:18080", NEW):
            version = self.live_at(origin, self.register("ada", name=f"Reported {origin}"))
            self.facts(
                self.newest_deployment(version),
                "Ready",
                endpointUrl=f"{OLD}/endpoints/production/x",
            )
        self.assertEqual(set(self.recorded()), set(RECORDED))
        self.everywhere(NEW)

    def test_a_rollback_of_an_old_deployment_is_at_the_new_origin(self):
        first = self.live_at(OLD)
        second = self.at(
            "PendingProdDeployment", self.register("ada", name=first.model_id.name, version="2.0.0")
        )
        self.facts(
            self.newest_deployment(second),
            "Ready",
            endpointUrl=f"{OLD}/endpoints/production/{first.model_id.slug}",
        )
        self.parameters.set_param(PARAMETER, NEW)
        self.assertEqual(first.status, "Superseded")
        self.versions("ben").rollback(second.id, "production")
        back = self.newest_deployment(first)
        self.facts(back, "Ready", endpointUrl=f"{OLD}/endpoints/production/{first.model_id.slug}")
        self.assertEqual(
            (first.status, first.prod_endpoint_url),
            ("Live", f"{NEW}/endpoints/production/{first.model_id.slug}"),
        )
        self.everywhere(NEW)

    def test_the_bridge_left_out_the_address(self):
        self.parameters.set_param(PARAMETER, NEW)
        version = self.at("PendingProdDeployment")
        self.facts(self.newest_deployment(version), "Ready")
        self.assertEqual(
            version.prod_endpoint_url, f"{NEW}/endpoints/production/{version.model_id.slug}"
        )

    def test_the_origin_is_an_address_and_not_the_apps(self):
        self.parameters.set_param("web.base.url", "https://mlops.test")
        for wrong in (
            "endpoints.test",
            "javascript:x",
            "https://",
            "ftp://x.test",
            "https://mlops.test",
            "https://MLOPS.test:443/endpoints",
            "https://x.test/?a",
        ):
            with self.subTest(wrong), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.parameters.set_param(PARAMETER, wrong)

    def test_the_migration_moves_by_the_parameter_or_by_the_environment(self):
        file = Path(__file__).parents[2] / "migrations" / "19.0.1.1.0" / "post-endpoints_origin.py"
        spec = importlib.util.spec_from_file_location("post_endpoints_origin", file)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.live_at(OLD)
        with patch.dict(os.environ, {"ENDPOINTS_PUBLIC_URL": ""}):
            script.migrate(self.env.cr, "19.0.1.0.0")
        self.assertFalse(
            [url for urls in self.recorded().values() for url in urls if url.startswith(NEW)]
        )
        with patch.dict(os.environ, {"ENDPOINTS_PUBLIC_URL": NEW}):
            script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.everywhere(NEW)
