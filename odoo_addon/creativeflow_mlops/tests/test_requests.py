from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import MlopsCase


@tagged("post_install", "-at_install")
class TestRequests(MlopsCase):
    def ask(self, login, **values):
        return self.of("mlops.request", login).create(values)

    def test_an_approvers_request_is_carried_out(self):
        version = self.at("Validated")
        request = self.ask("ben", action="deploy", version_id=version.id)
        self.assertEqual((version.status, request.state, request.deployment_id.version_id), ("PendingStagingDeployment", "accepted", version))
        self.build(version)
        self.facts(self.newest_deployment(version), "Ready", endpointUrl="https://gateway.test/x")
        self.assertEqual((request.state, request.result), ("done", "https://gateway.test/x"))
        self.assertEqual(version.approval_ids[0].user_id, self.people["ben"], "as that person")

    def test_a_workflow_asks_and_an_approver_decides(self):
        version = self.at("Staging")
        request = self.ask("n8n", action="promote", model_id=version.model_id.id, strategy="rolling")
        self.assertEqual((version.status, request.state, request.result), ("Staging", "accepted", "Waiting for an approver."))
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
        for values in ({"action": "explode", "version_id": version.id}, {"action": "deploy"}, {"action": "deploy", "version_id": 2**30},
                       {"action": "deploy", "version_id": version.id, "environment_kind": "production"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.ask("n8n", **values)
        for values in ({"state": "done"}, {"result": "x"}, {"requested_by_id": self.people["ben"].id}, {"deployment_id": 1}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.ask("n8n", action="deploy", version_id=version.id, **values)
        with self.assertRaises(AccessError):
            self.of("mlops.request", "n8n").with_context(default_state="done").create({"action": "deploy", "version_id": version.id})
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
