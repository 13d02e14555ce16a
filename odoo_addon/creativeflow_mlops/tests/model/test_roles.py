from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import MlopsCase

PEOPLE = ("vera", "ada", "ben", "mia", "bridge", "n8n", "outsider")
# method → (model, arguments after the version id or None, roles that may)
PERSON_METHODS = {
    "approve_deployment": ("Validated", ("staging",), {"ben", "mia"}),
    "approve_promotion": ("Staging", ("production", "blue-green"), {"ben", "mia"}),
    "reject": ("Validated", ("no",), {"ben", "mia"}),
    "rescan": ("Validated", (), {"ada", "mia"}),
    "archive_version": ("Validated", (), {"mia"}),
    "detail": ("Validated", (), {"vera", "ada", "ben", "mia"}),
}


@tagged("post_install", "-at_install")
class TestRoles(MlopsCase):
    def test_every_role_with_every_method_of_people(self):
        for method, (status, arguments, may) in PERSON_METHODS.items():
            for login in PEOPLE:
                with self.subTest(method=method, login=login):
                    version = self.at(status, submitter="abe")
                    call = getattr(self.versions(login), method)
                    if login in may:
                        self.assertTrue(call(version.id, *arguments))
                    else:
                        with self.assertRaises(AccessError):
                            call(version.id, *arguments)
                        self.assertEqual(version.status, status)

    def test_rollback_by_role(self):
        version = self.at("Live")
        live = self.supersede(version)
        for login in PEOPLE:
            if login not in ("ben", "mia"):
                with self.subTest(login=login), self.assertRaises(AccessError):
                    self.versions(login).rollback(live.id, "production")
        self.assertEqual(
            self.versions("ben").rollback(live.id, "production")["versionId"], version.id
        )

    def test_only_the_bridge_reports(self):
        version = self.at("PendingStagingDeployment")
        deployment = self.newest_deployment(version)
        calls = {
            "report_validation": lambda login: self.versions(login).report_validation(
                version.id, 1, "pass", [], {}, "k", "1"
            ),
            "report_build": lambda login: self.versions(login).report_build(
                version.id, version.generation, "running"
            ),
            "version.work": lambda login: self.versions(login).work(version.id),
            "deployment.work": lambda login: self.of("mlops.deployment", login).work(deployment.id),
            "report_facts": lambda login: self.of("mlops.deployment", login).report_facts(
                deployment.id, 1, {"phase": "Progressing"}
            ),
            "deliveries": lambda login: self.of("mlops.webhook", login).deliveries(1),
            "report_delivery": lambda login: self.of("mlops.webhook", login).report_delivery(
                1, 1, 200
            ),
        }
        for name, call in calls.items():
            for login in (*PEOPLE, "admin"):
                with self.subTest(method=name, login=login):
                    if login == "bridge":
                        call(login)
                    else:
                        with self.assertRaises(AccessError):
                            call(login)
        self.assertEqual(version.status, "PendingStagingDeployment")

    def test_only_data_scientists_register(self):
        for login in PEOPLE:
            with self.subTest(login=login):
                check = self.of("mlops.model", login).upload_check("Fresh", "1")
                self.assertEqual(check["ok"], login in ("ada", "mia"))
                payload = self.payload(login)
                if login in ("ada", "mia"):
                    self.assertTrue(
                        self.of("mlops.model", login).register_version(payload)["created"]
                    )
                else:
                    with self.assertRaises(AccessError):
                        self.of("mlops.model", login).register_version(payload)

    def test_whoami(self):
        expected = {
            "vera": ["viewer"],
            "ada": ["viewer", "data_scientist"],
            "ben": ["viewer", "approver"],
            "mia": ["viewer", "data_scientist", "approver", "manager"],
            "bridge": ["bridge"],
            "n8n": ["endpoint_reader", "requester"],
            "outsider": [],
        }
        team = self.env["mlops.team"].create(
            {
                "name": "Vision",
                "company_id": self.company.id,
                "member_ids": [(4, self.people["ada"].id)],
            }
        )
        for login, roles in expected.items():
            me = self.of("mlops.model", login).whoami()
            self.assertEqual(me["roles"], roles)
            self.assertEqual(me["companyIds"], self.company.ids)
            self.assertEqual(me["teamIds"], team.ids if login in ("ada", "mia") else [])
            self.assertEqual(me["uid"], self.people[login].id)

    def test_settings_are_for_managers(self):
        environment = self.env["mlops.environment"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "production")]
        )
        for login in PEOPLE:
            with self.subTest(login=login):
                if login == "mia":
                    environment.with_user(self.people[login]).write({"max_replicas": 3})
                    self.of("mlops.webhook", login).create(
                        {"name": "w", "url": "https://hooks.test/"}
                    )
                    continue
                with self.assertRaises(AccessError):
                    environment.with_user(self.people[login]).write({"four_eyes": False})
                with self.assertRaises(AccessError):
                    self.of("mlops.webhook", login).create(
                        {"name": "w", "url": "https://hooks.test/"}
                    )
                with self.assertRaises(AccessError):
                    self.of("mlops.webhook", login).search_read([], ["secret"])
        self.assertTrue(environment.four_eyes)

    def test_a_manager_has_no_settings_rights(self):
        self.assertFalse(self.people["mia"].has_group("base.group_system"))
