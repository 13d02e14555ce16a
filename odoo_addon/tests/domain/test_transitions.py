import unittest

from domain.transitions import STATUS_NAMES, TRANSITIONS, may_follow, refusal


class TestTransitions(unittest.TestCase):
    def test_the_table_is_whole(self):
        for name, transition in TRANSITIONS.items():
            self.assertIn(transition.target, STATUS_NAMES, name)
            self.assertTrue(set(transition.sources) <= set(STATUS_NAMES), name)
            self.assertTrue(transition.who and transition.when, name)
        reached = {transition.target for transition in TRANSITIONS.values()} | {"Validating"}
        self.assertEqual(reached, set(STATUS_NAMES))
        self.assertFalse(
            [name for name in TRANSITIONS if may_follow(name, "Archived")], "Archived is the end"
        )
        self.assertIsNone(refusal("live", "PendingProdDeployment"))
        self.assertIn("only when it is Staging or ProdFailed", refusal("promote", "Validated"))
