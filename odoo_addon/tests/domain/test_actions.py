import re
import unittest
from pathlib import Path

from domain.actions import (
    ACTIONS,
    ROLLOUT_ACTIONS,
    VERSION_ACTIONS,
    allowed_actions,
    rollout_actions,
    why_not,
)
from domain.transitions import STATUS_NAMES

ADDON = Path(__file__).parents[2] / "creativeflow_mlops"
ROLES = ("data_scientist", "approver", "manager")
PLACE = {
    **{"four_eyes": False, "stricter": False, "in_flight": None, "closed": None, "inventory": None},
    **{"strategies": ["canary"], "strategy": "canary", "steps": [], "own_steps": False},
}


def version_facts(**facts):
    return {
        **{"status": "Staging", "roles": ROLES, "is_submitter": False, "waiver": None},
        **{"has_image": True, "rollback_to": "1.0", "staging": PLACE, "production": PLACE},
        **facts,
    }


def rollout_facts(**facts):
    return {
        **{"deployment_id": 7, "roles": ROLES, "is_submitter": False, "four_eyes": True},
        **{"in_flight": True, "paused": False, "step": 2, "kind": "wait"},
        **{"approved_step": -1, "skip_to": 0, **facts},
    }


def code(name, facts):
    why = why_not(facts, name)
    return why.code if why else None


class TestActions(unittest.TestCase):
    def test_a_version_offers_what_its_status_allows(self):
        offered = {
            status: [one["name"] for one in allowed_actions(version_facts(status=status))]
            for status in STATUS_NAMES
        }
        expected = {
            "Validated": ["deploy", "reject", "rescan", "archive"],
            "ValidationFailed": ["rescan", "archive"],
            "Staging": ["deploy", "promote", "archive"],
            "StagingFailed": ["deploy", "archive"],
            "Live": ["rollback"],
            "ProdFailed": ["promote", "archive"],
            "Superseded": ["deploy", "archive"],
        }
        self.assertEqual(offered, {name: expected.get(name, []) for name in STATUS_NAMES})

    def test_nobody_acts_without_one_of_the_roles_of_the_action(self):
        for one in VERSION_ACTIONS + ROLLOUT_ACTIONS:
            facts = version_facts if one in VERSION_ACTIONS else rollout_facts
            for role in ROLES:
                with self.subTest(action=one.name, role=role):
                    refused = code(one.name, facts(roles=(role,), asked_step=2)) == "role-needed"
                    self.assertEqual(refused, role not in one.roles)

    def test_what_speaks_against_a_version_is_told_by_its_code(self):
        cases = [
            ("promote", {}, None),
            ("promote", {"production": None}, "no-environment"),
            ("promote", {"production": {**PLACE, "four_eyes": True}}, None),
            ("promote", {"has_image": False}, "no-image"),
            ("promote", {"production": {**PLACE, "closed": "Frozen."}}, "environment-frozen"),
            ("promote", {"production": {**PLACE, "inventory": "Malware."}}, "image-refused"),
            ("rollback", {"rollback_to": None}, "nothing-to-roll-back-to"),
            ("rollback", {"production": {**PLACE, "closed": "Frozen."}}, None),
            ("accept-waiver", {"waiver": "own"}, "second-person-needed"),
            ("accept-waiver", {"waiver": "asked", "is_submitter": True}, "second-person-needed"),
            ("refuse-waiver", {"waiver": "own"}, None),
        ]
        four_eyes = {"production": {**PLACE, "four_eyes": True}, "is_submitter": True}
        cases.append(("promote", four_eyes, "second-person-needed"))
        cases.append(("rollback", four_eyes, None))
        for name, facts, expected in cases:
            with self.subTest(action=name, facts=facts):
                self.assertEqual(code(name, version_facts(**facts)), expected)

    def test_what_speaks_against_a_rollouts_action_is_told_by_its_code(self):
        approve = {"kind": "approve"}
        cases = [
            ("abort-rollout", {}, None),
            ("abort-rollout", {"in_flight": False}, "rollout-ended"),
            ("pause-rollout", {"paused": True}, "already-paused"),
            ("resume-rollout", {}, "not-paused"),
            ("skip-step", {"step": None}, "no-step-yet"),
            ("skip-step", {"step": 3}, "other-step"),
            ("skip-step", approve, "step-not-skippable"),
            ("skip-step", {"is_submitter": True}, "second-person-needed"),
            ("skip-step", {"skip_to": 3}, "step-decided"),
            ("skip-step", {}, None),
            ("approve-step", {}, "step-without-approval"),
            ("approve-step", {**approve, "approved_step": 2}, "step-decided"),
            ("approve-step", approve, None),
        ]
        for name, facts, expected in cases:
            with self.subTest(action=name, facts=facts):
                self.assertEqual(code(name, rollout_facts(asked_step=2, **facts)), expected)

    def test_a_rollout_offers_nothing_once_it_has_ended(self):
        self.assertEqual(rollout_actions(None), [])
        self.assertEqual(rollout_actions(rollout_facts(in_flight=False)), [])
        offers = {one["name"]: one["step"] for one in rollout_actions(rollout_facts())}
        self.assertEqual(offers, {"pause-rollout": None, "skip-step": 2, "abort-rollout": None})

    def test_an_action_is_written_in_three_places(self):
        """Its row, its method, its button: a list of actions elsewhere would be forgotten."""
        files = {
            str(path.relative_to(ADDON)): path.read_text(encoding="utf-8")
            for pattern in ("domain/*.py", "models/**/*.py", "wizards/*.*", "views/*.xml")
            for path in ADDON.glob(pattern)
            if path.suffix in (".py", ".xml")
        }
        for action in ACTIONS.values():
            named = re.compile(rf"['\"]({action.name}|{action.button}|{action.field})['\"]")
            places = {path for path, text in files.items() if named.search(text)}
            with self.subTest(action=action.name):
                self.assertIn("domain/actions.py", places)
                self.assertLessEqual(len(places - NO_LISTS), 3, places)


# the same words of other things: transitions, what a workflow may ask for, a policy's change
NO_LISTS = {
    "domain/transitions.py",
    "models/requests/request.py",
    "models/requests/resolve_names.py",
    "models/requests/version_catalogue.py",
    "models/version/deploy.py",
    "models/version/promotion_plan.py",
    "models/version/requests.py",
    "views/environment_views.xml",
}
