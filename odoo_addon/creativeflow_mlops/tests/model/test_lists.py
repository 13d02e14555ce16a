from odoo.tests import tagged

from ..common import MlopsCase


@tagged("post_install", "-at_install")
class TestLists(MlopsCase):
    def names(self, login="vera", **arguments):
        return [
            one["name"] for one in self.of("mlops.model", login).list_page(**arguments)["items"]
        ]

    def test_rows_search_and_counts(self):
        first, second = (
            self.at("Live", name="Alpha digits"),
            self.at("Validated", name="Beta digits"),
        )
        self.at("ValidationFailed", name="Gamma")
        page = self.of("mlops.model", "vera").list_page(order="name")
        self.assertEqual(
            (page["total"], page["counts"]), (3, {"Live": 1, "Validated": 1, "ValidationFailed": 1})
        )
        row = page["items"][0]
        self.assertEqual((row["id"], row["liveVersion"]["id"]), (first.model_id.id, first.id))
        self.assertEqual((row["newest"]["status"], len(row["newest"]["road"])), ("Live", 8))
        self.assertEqual(self.names(search="digits beta"), ["Beta digits"])
        self.assertEqual(
            self.names(search="DIGITS", order="name", offset=1, limit=1), ["Beta digits"]
        )
        self.assertEqual(self.names(status="Validated"), ["Beta digits"])
        page = self.of("mlops.model", "vera").list_page(status="Validated", search="digits")
        self.assertEqual((page["total"], page["counts"]), (1, {"Live": 1, "Validated": 1}))
        self.assertEqual(self.names(search="100%"), [])
        self.register(name="Alpha digits", version="9")
        self.assertEqual(
            self.of("mlops.model", "vera").list_page(search="alpha")["items"][0]["newest"][
                "status"
            ],
            "Validating",
        )
        self.assertEqual(second.status, "Validated")

    def test_needs_me(self):
        def needs(login, version):
            return self.of("mlops.model", login).list_page(search=version.model_id.name)["items"][
                0
            ]["needsMe"]

        validated, staged, failed = (
            self.at("Validated", submitter="abe"),
            self.at("Staging", submitter="abe"),
            self.at("ValidationFailed"),
        )
        self.assertEqual(
            [needs(login, validated) for login in ("ben", "abe", "vera")], [True, True, False]
        )
        self.assertEqual(
            [needs(login, staged) for login in ("ben", "abe", "vera")], [True, False, False]
        )
        self.assertEqual([needs(login, failed) for login in ("ada", "ben")], [True, False])

    def test_what_needs_me_is_counted_over_all_pages(self):
        for number in range(5):
            self.at("Validated", name=f"Waits {number}")
        self.at("Validating", name="Newest change")
        for limit in (1, 3):
            page = self.of("mlops.model", "ben").list_page(limit=limit)
            self.assertEqual((page["needsMe"]["total"], len(page["needsMe"]["items"])), (5, 5))
            self.assertTrue(all(one["needsMe"] for one in page["needsMe"]["items"]))
        self.assertEqual(
            self.of("mlops.model", "vera").list_page()["needsMe"], {"total": 0, "items": []}
        )
        self.assertIsNone(self.of("mlops.model", "ben").list_page(offset=1)["needsMe"])
        self.assertIsNone(self.of("mlops.model", "ben").list_page(search="Waits")["needsMe"])

    def test_a_waiver_asked_for_needs_an_approver(self):
        version = self.register()
        finding = {
            "rule": "R",
            "severity": "medium",
            "verdict": "review",
            "file": "Dockerfile",
            "why": "w",
            "remedy": "r",
        }
        self.validate(version, "review", [finding])
        self.versions("ada").request_waiver(version.id, "known")
        needed = {
            login: self.of("mlops.model", login).list_page()["needsMe"]["total"]
            for login in ("ben", "ada", "vera")
        }
        self.assertEqual(needed, {"ben": 1, "ada": 1, "vera": 0})

    def test_few_queries_whatever_the_number(self):
        for number in range(12):
            self.register(name=f"Many {number}")
        models = self.of("mlops.model", "vera")
        models.list_page(limit=2)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        models.list_page(limit=2)
        few = self.env.cr.sql_log_count - before
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertEqual(len(models.list_page(limit=12)["items"]), 12)
        self.assertEqual(self.env.cr.sql_log_count - before, few)

    def test_details(self):
        version = self.at("Live")
        detail = self.versions("vera").detail(version.id)
        self.assertEqual(
            (detail["status"], detail["model"]["slug"]), ("Live", version.model_id.slug)
        )
        self.assertEqual((len(detail["deployments"]), len(detail["endpoints"])), (2, 2))
        self.assertEqual(
            [(one["name"], one["allowed"]) for one in detail["allowedActions"]],
            [("rollback", False)],
        )
        self.assertEqual(detail["allowedActions"][0]["reason"], "Needs the role Approver.")
        model = self.of("mlops.model", "vera").detail(version.model_id.id)
        self.assertEqual(
            (model["liveVersion"]["id"], len(model["versions"]), len(model["endpoints"])),
            (version.id, 1, 2),
        )
        endpoints = self.of("mlops.endpoint", "n8n").list_page()
        self.assertEqual(
            (endpoints["total"], endpoints["items"][0]["name"]),
            (2, f"production/{version.model_id.slug}"),
        )

    def test_allowed_actions_by_status(self):
        expected = {
            "Validating": [],
            "Validated": ["deploy", "reject", "rescan", "archive"],
            "ValidationFailed": ["rescan", "archive"],
            "PendingStagingDeployment": [],
            "Staging": ["deploy", "promote", "archive"],
            "StagingFailed": ["deploy", "archive"],
            "PendingProdDeployment": ["pause-rollout", "abort-rollout"],
            "Live": ["rollback"],
            "ProdFailed": ["promote", "archive"],
            "Superseded": ["deploy", "archive"],
            "Archived": [],
        }
        for status, names in expected.items():
            with self.subTest(status):
                actions = self.versions("mia").detail(self.at(status).id)["allowedActions"]
                self.assertEqual([one["name"] for one in actions], names)
                self.assertTrue(all(one["allowed"] != bool(one["reason"]) for one in actions))
