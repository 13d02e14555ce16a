from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import MlopsCase

OK = [
    {"name": "osv", "status": "ok", "detail": None},
    {"name": "clamav", "status": "ok", "detail": "ClamAV 1.4"},
]
BLIND = [
    {"name": "osv", "status": "no-database", "detail": "No vulnerability database is loaded."},
    OK[1],
]
CLEAN = {"packages": 3, "vulnerabilityCount": 0, "vulnerabilities": [], "malware": [], "tools": OK}
VIRUS = {**CLEAN, "malware": [{"file": "model.bin", "signature": "Eicar"}]}


@tagged("post_install", "-at_install")
class TestInventory(MlopsCase):
    def test_a_build_that_is_done_is_looked_through(self):
        version = self.at("Staging")
        self.assertTrue(
            self.env["mlops.event"].search(
                [("version_id", "=", version.id), ("command", "=", "inventory")]
            )
        )
        answer = self.versions("bridge").report_inventory(version.id, "sha256:" + "f" * 64, CLEAN)
        self.assertEqual(answer, {"accepted": False, "reason": "DigestMismatch"})
        self.assertTrue(
            self.versions("bridge").report_inventory(version.id, version.image_digest, CLEAN)[
                "accepted"
            ]
        )
        self.assertEqual(self.versions("vera").detail(version.id)["inventory"]["packages"], 3)
        with self.assertRaises(UserError):
            self.versions("bridge").report_inventory(version.id, version.image_digest, {})
        with self.assertRaises(AccessError):
            self.versions("mia").report_inventory(version.id, version.image_digest, CLEAN)

    def test_malware_is_not_promoted(self):
        version = self.at("Staging")
        self.versions("bridge").report_inventory(version.id, version.image_digest, VIRUS)
        with self.assertRaisesRegex(UserError, "Eicar"):
            self.versions("ben").approve_promotion(version.id, "production", "rolling")
        self.assertFalse(self.versions("ben").browse(version.id).can_promote)
