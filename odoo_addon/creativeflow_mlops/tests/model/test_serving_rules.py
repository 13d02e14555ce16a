import json
from pathlib import Path

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.mixins.protected_fields import keyed
from ..common import MlopsCase

# the bridge's suite reads the same table (bridge/test/unit/services/uploads/serving-rules.test.ts)
CASES = json.loads(Path(__file__).with_name("serving_cases.json").read_text())


@tagged("post_install", "-at_install")
class TestServingRules(MlopsCase):
    def test_registration_refuses(self):
        for serving in (
            {"memory": "2GB"},
            {"port": 70000},
            {"memroy": "2Gi"},
            {"readinessPath": "/../x"},
            [],
        ):
            with self.subTest(serving=serving), self.assertRaisesRegex(UserError, "serving"):
                self.register(serving=serving)

    def test_what_was_registered_before_is_not_deployed(self):
        version = self.at("Validated")
        keyed(version).write({"serving": {"memory": "2GB"}})
        with self.assertRaisesRegex(UserError, "serving.memory"):
            self.versions("ben").approve_deployment(version.id, "staging")

    def test_what_a_dockerfile_says_is_held_to_the_same_rules(self):
        version = self.register()
        self.versions("bridge").report_validation(
            version.id,
            1,
            "pass",
            [],
            {},
            "k",
            "1",
            serving={"port": 70000, "readinessPath": "/ready"},
        )
        self.assertEqual(
            (version.serving.get("port"), version.serving["readinessPath"]), (None, "/ready")
        )
