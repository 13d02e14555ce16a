import unittest

from domain.policy_table import (
    JUDGED,
    LOOSER,
    STEP_NUMBERS,
    loosenings,
    strictest,
)
from domain.rollout_steps import CANARY, JUDGE, NUMBERS, OPTIONAL

SIGNAL = {"model": "sale.order", "domain": [["state", "=", "cancel"]], "maxIncrease": 2}
SIGNALLED = {**JUDGE, "signal": SIGNAL, "signalBy": 7}
APPROVE = {"kind": "approve", "withinSeconds": 600}
# field → (value, looser values, values that are not)
CASES = {
    "four_eyes": (True, [False, None], [True]),
    "strategies_allowed": (
        ["canary", "blue-green"],
        [["canary", "rolling"], ["recreate"]],
        [["canary"], ["blue-green", "canary"]],
    ),
    "strategy_default": (
        "blue-green",
        ["rolling", "recreate", None, "other"],
        ["canary", "blue-green"],
    ),
    "max_gpus": (4, [5], [3, 0]),
    "max_replicas": (4, [5], [3]),
    "keep_previous_minutes": (60, [59, 0, None], [61]),
    "ready_deadline_seconds": (600, [601], [599]),
    "queue_minutes": (10, [11], [0]),
    "inventory_policy": ("known", ["tell", None, "other"], ["clean"]),
    "integrity_policy": ("put-back", ["tell", None], ["put-back"]),
    "own_steps": (False, [True], [False]),
    "freeze": (
        ["2026-01-01T00:00:00", "2026-02-01T00:00:00"],
        [
            [None, None],
            ["2026-01-02T00:00:00", "2026-02-01T00:00:00"],
            ["2026-01-01T00:00:00", "2026-01-31T00:00:00"],
        ],
        [["2025-12-01T00:00:00", "2026-02-01T00:00:00"], ["2026-01-01T00:00:00", None]],
    ),
    "open_calendar_id": ([3], [[], [4]], [[3]]),
    "active": (True, [False], [True]),
    "loosening_delay_hours": (48, [47], [49, 0, 48]),
    "cluster": ("a", ["b", None], ["a"]),
    "namespace": ("a", ["b"], ["a"]),
    "gateway_url": ("a", ["b"], ["a"]),
    "registry": ("a", ["b"], ["a"]),
    "kind": ("production", ["staging"], ["production"]),
    "company_id": ([1], [[2]], [[1]]),
    "steps": (
        [*CANARY[:4], APPROVE, SIGNALLED, CANARY[-1]],
        [
            [],
            [CANARY[0], CANARY[-1]],
            [*CANARY[:4], SIGNALLED, CANARY[-1]],
            [*CANARY[:4], APPROVE, JUDGE, CANARY[-1]],
            [*CANARY[:4], APPROVE, {**SIGNALLED, "signalBy": 8}, CANARY[-1]],
            [
                *CANARY[:4],
                APPROVE,
                {**SIGNALLED, "signal": {**SIGNAL, "maxIncrease": 3}},
                CANARY[-1],
            ],
            [*CANARY[:4], APPROVE, {**SIGNALLED, "signal": {**SIGNAL, "domain": []}}, CANARY[-1]],
            [*CANARY[:4], {"kind": "weight", "percent": 50}, APPROVE, SIGNALLED, CANARY[-1]],
            [*CANARY[:4], SIGNALLED, CANARY[-1], APPROVE],
            [*CANARY[:4], APPROVE, {**SIGNALLED, "new": 1}, CANARY[-1]],
            [*CANARY[:4], APPROVE, SIGNALLED, CANARY[-1], {"kind": "skip"}],
        ],
        [
            [*CANARY[:4], APPROVE, SIGNALLED, APPROVE, CANARY[-1]],
            [*CANARY[:3], {"kind": "wait", "seconds": 90}, APPROVE, SIGNALLED, CANARY[-1]],
            [
                *CANARY[:4],
                APPROVE,
                {**SIGNALLED, "signal": {**SIGNAL, "maxIncrease": 0}},
                CANARY[-1],
            ],
            [*CANARY[:4], APPROVE, JUDGE, SIGNALLED, CANARY[-1]],
        ],
    ),
}
RAISED = {"withinSeconds", "maxErrorRate", "maxLatencyRatio", "maxRestarts", "tolerance"}


class TestPolicyTable(unittest.TestCase):
    """The one table: what is looser, and what is not."""

    def test_every_row_has_its_cases(self):
        self.assertEqual(CASES.keys(), LOOSER.keys())
        self.assertTrue(set(JUDGED) <= LOOSER.keys())

    def test_the_cases(self):
        for name, (before, looser, other) in CASES.items():
            for value in looser:
                with self.subTest(name, value=value):
                    self.assertEqual(
                        [one["field"] for one in loosenings({name: before}, {name: value})], [name]
                    )
            for value in (*other, before):
                with self.subTest(name, value=value):
                    self.assertEqual(loosenings({name: before}, {name: value}), [])

    def test_what_the_table_does_not_know_is_looser_whatever_becomes_of_it(self):
        for before, after in (
            ({}, {"new": 1}),
            ({"new": 1}, {}),
            ({"new": 1}, {"new": 0}),
            ({"new": False}, {"new": True}),
        ):
            with self.subTest(before=before, after=after):
                self.assertEqual([one["field"] for one in loosenings(before, after)], ["new"])
        self.assertEqual(loosenings({"new": 1}, {"new": 1}), [])

    def test_every_number_of_a_step_is_in_the_table(self):
        for kind, numbers in NUMBERS.items():
            wanted = {
                *numbers,
                *OPTIONAL.get(kind, {}),
                *(("tooLittle",) if kind == "judge" else ()),
            }
            self.assertEqual(set(STEP_NUMBERS[kind]), wanted, kind)

    def test_every_number_of_a_step_in_its_looser_way(self):
        for kind, numbers in STEP_NUMBERS.items():
            for name in numbers.keys() - {"tooLittle"} if kind != "weight" else ():
                up = name in RAISED
                for value, looser in ((11, up), (9, not up)):
                    with self.subTest(kind=kind, name=name, value=value):
                        steps = [{"kind": kind, name: 10}], [{"kind": kind, name: value}]
                        self.assertEqual(
                            bool(loosenings({"steps": steps[0]}, {"steps": steps[1]})), looser
                        )

    def test_what_stands_before_a_share_of_the_traffic(self):
        scale, all_of_it = CANARY[0], CANARY[-1]

        def looser(before, after):
            return bool(
                loosenings(
                    {"steps": [scale, *before, all_of_it]}, {"steps": [scale, *after, all_of_it]}
                )
            )

        ten, eleven, nine = ({"kind": "weight", "percent": percent} for percent in (10, 11, 9))
        self.assertTrue(
            looser([ten, JUDGE], [eleven, JUDGE]), "more of the traffic before it is judged"
        )
        self.assertTrue(looser([ten, JUDGE], [nine, JUDGE]), "judged by less")
        self.assertTrue(looser([ten, JUDGE], [JUDGE]), "judged by nothing")
        self.assertFalse(looser([ten, JUDGE], [nine, JUDGE, ten, JUDGE]))
        self.assertFalse(looser([ten, JUDGE], [nine, ten, JUDGE]))
        self.assertFalse(looser([], CANARY[1:-1]))
        self.assertTrue(looser(CANARY[1:-1], []))

    def test_the_strictest_of_several(self):
        base = {
            "four_eyes": True,
            "strategies_allowed": ["canary", "rolling"],
            "max_gpus": 8,
            "max_replicas": 2,
            "inventory_policy": "tell",
            "own_steps": False,
            "steps": list(CANARY),
        }
        other = {
            "four_eyes": False,
            "strategies_allowed": ["rolling", "recreate"],
            "max_gpus": 4,
            "max_replicas": 9,
            "inventory_policy": "clean",
            "own_steps": True,
            "steps": [CANARY[0], CANARY[-1]],
        }
        wanted = {
            **base,
            "strategies_allowed": ["rolling"],
            "max_gpus": 4,
            "inventory_policy": "clean",
        }
        self.assertEqual(strictest([base, other]), wanted)
        self.assertEqual(strictest([other, base]), wanted)
        self.assertEqual(strictest([base, other, base]), wanted)
