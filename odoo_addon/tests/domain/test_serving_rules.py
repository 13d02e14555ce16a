import json
import unittest
from pathlib import Path

from domain.serving_rules import serving_faults

# the bridge's suite reads the same table (bridge/test/unit/services/uploads/serving-rules.test.ts)
TABLE = Path(__file__).parents[2] / "creativeflow_mlops/tests/model/serving_cases.json"
CASES = json.loads(TABLE.read_text())


class TestServingRules(unittest.TestCase):
    def test_accepted(self):
        for serving in CASES["accepted"]:
            with self.subTest(serving=serving):
                self.assertEqual(serving_faults(serving), [])

    def test_refused_naming_the_field(self):
        for case in CASES["refused"]:
            with self.subTest(serving=case["serving"]):
                faults = serving_faults(case["serving"])
                self.assertEqual(len(faults), 1)
                self.assertTrue(faults[0].startswith(case["field"]), faults[0])
