import unittest

from domain.image_policy import inventory_refusal

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


class TestImagePolicy(unittest.TestCase):
    def test_policies(self):
        cases = [
            ("tell", None, None),
            ("tell", {**CLEAN, "tools": BLIND, "vulnerabilityCount": 9}, None),
            ("tell", VIRUS, "Malware: Eicar in model.bin."),
            ("known", None, "not been scanned"),
            ("known", {**CLEAN, "tools": BLIND}, "No vulnerability database"),
            ("known", {**CLEAN, "vulnerabilityCount": 2}, None),
            ("clean", {**CLEAN, "vulnerabilityCount": 2}, "2 known vulnerabilities"),
            ("clean", CLEAN, None),
        ]
        for policy, inventory, why in cases:
            with self.subTest(policy=policy, why=why):
                answer = inventory_refusal(policy, inventory)
                if why:
                    self.assertIn(why, answer)
                else:
                    self.assertIsNone(answer)
