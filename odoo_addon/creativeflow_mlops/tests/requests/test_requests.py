from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, ValidationError
from odoo.tests import tagged

from ..common import MlopsCase


@tagged("post_install", "-at_install")
class TestRequests(MlopsCase):
    def ask(self, login, **values):
        return self.of("mlops.request", login).create(values)

    def test_an_approvers_request_is_carried_out(self):
        version = self.at("Validated")
        request = self.ask("ben", action="deploy", version_id=version.id)
        self.assertEqual(
            (version.status, request.state, request.deployment_id.version_id),
            ("PendingStagingDeployment", "accepted", version),
        )
        self.build(version)
        self.facts(self.newest_deployment(version), "Ready", endpointUrl="https://gateway.test/x")
        self.assertEqual((request.state, request.result), ("done", "https://gateway.test/x"))
        self.assertEqual(version.approval_ids[0].user_id, self.people["ben"], "as that person")

    def test_a_workflow_asks_and_an_approver_decides(self):
        version = self.at("Staging")
        request = self.ask(
            "n8n", action="promote", model_id=version.model_id.id, strategy="rolling"
        )
        self.assertEqual(
            (version.status, request.state, request.result),
            ("Staging", "accepted", "Waiting for an approver."),
        )
        self.assertIn(self.people["ben"], version.activity_ids.user_id)
        self.versions("ben").approve_promotion(version.id, "production", "blue-green")
        self.assertEqual(request.result, "Approved by Ben.")
        self.facts(self.newest_deployment(version), "Failed", reason="no GPU free")
        self.assertEqual((request.state, request.result), ("failed", "no GPU free"))

    def test_refused_with_a_reason(self):
        version = self.at("Staging", submitter="abe")
        request = self.ask("abe", action="promote", version_id=version.id)
        self.assertEqual((request.state, version.status), ("refused", "Staging"))
        self.assertIn("second person", request.result)
        request = self.ask("n8n", action="deploy", version_id=self.at("ValidationFailed").id)
        self.assertEqual(request.state, "refused")
        waiting = self.at("Validated")
        request = self.ask("n8n", action="deploy", version_id=waiting.id)
        self.versions("ben").reject(waiting.id, "not this one")
        self.assertEqual((request.state, request.result), ("refused", "not this one"))

    def test_a_rollback_by_request(self):
        version = self.at("Live")
        live = self.supersede(version)
        request = self.ask("ben", action="rollback", model_id=version.model_id.id)
        self.assertEqual((version.status, request.version_id), ("PendingProdDeployment", live))
        self.facts(self.newest_deployment(version), "Ready")
        self.assertEqual((version.status, request.state), ("Live", "done"))

    def test_what_a_requester_may_not(self):
        version = self.at("Validated")
        for values in (
            {"action": "explode", "version_id": version.id},
            {"action": "deploy"},
            {"action": "deploy", "version_id": 2**30},
            {"action": "deploy", "version_id": version.id, "environment_kind": "production"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.ask("n8n", **values)
        for values in (
            {"state": "done"},
            {"result": "x"},
            {"requested_by_id": self.people["ben"].id},
            {"deployment_id": 1},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.ask("n8n", action="deploy", version_id=version.id, **values)
        with self.assertRaises(AccessError):
            self.of("mlops.request", "n8n").with_context(default_state="done").create(
                {"action": "deploy", "version_id": version.id}
            )
        with self.assertRaises(AccessError):
            self.ask("vera", action="deploy", version_id=version.id)
        request = self.ask("n8n", action="deploy", version_id=version.id)
        with self.assertRaises(AccessError):
            request.write({"state": "done"})
        with self.assertRaises(AccessError):
            request.unlink()
        with self.assertRaises(ValidationError):
            self.ask("olga", action="deploy", version_id=version.id)

    def test_only_own_requests(self):
        request = self.ask("n8n", action="deploy", version_id=self.at("Validated").id)
        self.people["n9n"] = self.make_user("n9n", ("requester",), self.company)
        self.assertTrue(self.of("mlops.request", "n8n").search_count([("id", "=", request.id)]))
        self.assertFalse(self.of("mlops.request", "n9n").search_count([("id", "=", request.id)]))
        self.assertTrue(self.of("mlops.request", "ben").search_count([("id", "=", request.id)]))

    def test_the_same_asked_again_joins_what_is_open_and_nothing_else(self):
        version = self.at("Staging")
        first = self.ask("n8n", action="promote", version_id=version.id)
        self.assertEqual(
            self.ask("n8n", action="promote", model_id=str(version.model_id.id)), first
        )
        self.assertNotEqual(
            self.ask("n8n", action="promote", version_id=version.id, strategy="rolling"), first
        )
        self.people["n9n"] = self.make_user("n9n", ("requester",), self.company)
        self.assertNotEqual(
            self.ask("n9n", action="promote", version_id=version.id), first, "one's own"
        )
        carried_out = self.ask("ben", action="promote", version_id=version.id)
        self.assertEqual(self.ask("ben", action="promote", version_id=version.id), carried_out)
        self.assertEqual(first.deployment_id, carried_out.deployment_id)
        self.facts(self.newest_deployment(version), "Failed", reason="no GPU free")
        self.assertNotEqual(
            self.ask("n8n", action="promote", version_id=version.id), first, "that one has ended"
        )

    def test_an_open_request_ends_when_it_is_asked_again_and_is_not_possible_any_more(self):
        version = self.at("Validated")
        first = self.ask("n8n", action="deploy", version_id=version.id)
        self.versions("ada").rescan(version.id)
        self.assertEqual(self.ask("n8n", action="deploy", version_id=version.id), first)
        self.assertEqual(first.state, "refused")

    def test_a_name_that_fits_several_is_refused_with_their_numbers(self):
        versions = [
            self.at("Validated", version=self.register(name=name, version="1.0"))
            for name in ("Twin", "TWIN")
        ]
        self.assertEqual(
            self.ask("n8n", action="deploy", version_id="Twin 1.0").version_id,
            versions[0],
            "as it is spelled",
        )
        with self.assertRaises(ValidationError) as refused:
            self.ask("n8n", action="deploy", version_id="twin 1.0")
        for version in versions:
            self.assertIn(str(version.id), str(refused.exception))

    def test_a_requester_names_nothing_of_a_hidden_team_or_another_company(self):
        self.env["mlops.team"].create(
            {
                "name": "Hidden",
                "company_id": self.company.id,
                "member_ids": [(4, self.people["ada"].id)],
            }
        )
        hidden = self.at("Validating", team="Hidden")
        self.validate(hidden)
        refusals = set()
        for login, values in (
            ("n8n", {"version_id": hidden.id}),
            ("n8n", {"version_id": hidden.display_name}),
            ("n8n", {"version_id": 2**30}),
            ("n8n", {"model_id": hidden.model_id.id}),
            ("n8n", {"model_id": hidden.model_id.slug}),
            ("n8n", {"model_id": 2**30}),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError) as refused:
                self.ask(login, action="deploy", **values)
            refusals.add((*values, str(refused.exception)))
        self.assertEqual(len(refusals), 2, refusals)
        self.assertFalse(
            self.of("mlops.version.catalogue", "n8n").search_count(
                [("model_id", "=", hidden.model_id.id)]
            )
        )

    def test_the_same_asked_at_once_is_run_again_to_join(self):
        version = self.at("Staging")
        first = self.ask("n8n", action="promote", version_id=version.id)
        # the other transaction's request is not seen before this one is run again
        with (
            patch.object(type(first), "_open_request", lambda model, wish: model.browse()),
            self.assertRaises(ConcurrencyError),
        ):
            self.ask("n8n", action="promote", version_id=version.id)
        self.assertEqual(self.ask("n8n", action="promote", version_id=version.id), first)
