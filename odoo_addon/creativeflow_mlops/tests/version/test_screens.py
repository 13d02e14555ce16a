from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.bus.models.ir_websocket import IrWebsocket as BusWebsocket

from ...domain.comparison import comparison
from ...models.odoo.ir_websocket import CHANGES
from ..common import MlopsCase

BUTTONS = ("can_deploy", "can_promote", "can_reject", "can_rollback", "can_rescan", "can_archive")
# (status, who) → the buttons that the form shows
SHOWN = {
    ("Validated", "vera"): "",
    ("Validated", "ada"): "rescan",
    ("Validated", "ben"): "deploy reject",
    ("Validated", "mia"): "deploy reject rescan archive",
    ("Staging", "ben"): "deploy promote",
    ("Staging", "ada"): "",
    ("PendingStagingDeployment", "mia"): "",
    ("ValidationFailed", "ben"): "",
    ("ValidationFailed", "ada"): "rescan",
    ("Live", "ada"): "",
}


@tagged("post_install", "-at_install")
class TestScreens(MlopsCase):
    def test_each_sees_the_buttons_that_are_theirs(self):
        for (status, login), shown in SHOWN.items():
            with self.subTest(f"{login} at {status}"):
                version = self.versions(login).browse(self.at(status).id)
                self.assertEqual(
                    [name for name in BUTTONS if version[name]],
                    [f"can_{one}" for one in shown.split()],
                )

    def test_roll_back_is_shown_when_there_is_something_to_go_back_to(self):
        first = self.at("Live")
        self.assertFalse(self.versions("ben").browse(first.id).can_rollback)
        self.assertTrue(self.versions("ben").browse(self.supersede(first).id).can_rollback)

    def test_a_second_person_is_asked_for_in_words(self):
        version = self.at("Staging", submitter="mia")
        self.assertEqual(
            self.versions("mia").browse(version.id).refusal,
            "Waiting for a second person: uploaded by you.",
        )
        self.assertFalse(self.versions("vera").browse(version.id).refusal)

    def test_every_view_opens_for_a_viewer(self):
        for view in ("kanban", "list", "form", "search", "pivot", "graph", "activity"):
            with self.subTest(view):
                self.assertIn("arch", self.versions("vera").get_view(view_type=view))

    def test_the_dialog_says_what_changes_and_what_will_happen(self):
        first = self.at("Live")
        second = self.at(
            "Staging",
            version=self.register(
                "ada", name=first.model_id.name, version="1.1.0", params={"depth": 5}
            ),
        )
        action = self.versions("ben").browse(second.id).action_promote()
        dialog = self.of("mlops.decision", "ben").browse(action["res_id"])
        self.assertEqual(dialog.live_version_id.id, first.id)
        self.assertIn({"name": "depth", "now": "3", "then": "5", "same": False}, dialog.comparison)
        self.assertEqual(
            dialog.consequence,
            "Starts 1.1.0 next to 1.0.0, tests it, then sends 100 % of production traffic to 1.1.0.",
        )
        dialog.confirm()
        self.assertEqual(second.status, "PendingProdDeployment")

    def test_the_default_strategy_is_chosen_and_only_allowed_ones_are_offered(self):
        production = self.env["mlops.environment"]._of(self.company, "production")
        for allowed, default in (
            (["canary", "rolling"], "rolling"),
            (["blue-green", "canary"], "canary"),
            (["recreate"], "recreate"),
        ):
            with self.subTest(default):
                production.write({"strategies_allowed": allowed, "strategy_default": default})
                version = self.at("Staging")
                dialog = self.of("mlops.decision", "ben").browse(
                    self.versions("ben").browse(version.id).action_promote()["res_id"]
                )
                self.assertEqual((dialog.strategy, dialog.strategies_allowed), (default, allowed))
                promote = next(
                    one
                    for one in self.versions("ben").detail(version.id)["allowedActions"]
                    if one["name"] == "promote"
                )
                self.assertEqual((promote["strategy"], promote["strategies"]), (default, allowed))

    def test_a_rollback_names_what_comes_back(self):
        first = self.at("Live")
        second = self.supersede(first)
        rollback = next(
            one
            for one in self.versions("ben").detail(second.id)["allowedActions"]
            if one["name"] == "rollback"
        )
        self.assertEqual(rollback["bringsBack"], first.name)

    def test_whoever_sees_a_version_reads_its_description_and_files(self):
        version = self.at("Validated")
        for login in ("vera", "ada", "ben", "mia"):
            with self.subTest(login):
                self.assertIn(
                    'name="description"', self.versions(login).get_view(view_type="form")["arch"]
                )
                seen = self.versions(login).browse(version.id)
                self.assertEqual((seen.description, len(seen.artifact_ids)), ("A test", 2))
        dialog = self.of("mlops.decision", "ben").browse(
            self.versions("ben").browse(version.id).action_deploy()["res_id"]
        )
        self.assertEqual((dialog.description, len(dialog.artifact_ids)), ("A test", 2))

    def test_a_viewer_opens_no_dialog(self):
        version = self.at("Validated")
        with self.assertRaises(AccessError):
            self.versions("vera").browse(version.id).action_deploy()

    def test_findings_are_those_of_the_newest_scan(self):
        version = self.at("ValidationFailed")
        self.assertEqual(version.finding_count, 1)
        self.versions("ada").rescan(version.id)
        self.validate(version)
        self.assertEqual((version.finding_count, version.scan_id.verdict), (0, "pass"))
        self.assertEqual(version.action_view_findings()["res_model"], "mlops.finding")

    def test_a_finding_says_where_it_is(self):
        version = self.register("ada")
        where = [{"offset": 2}, {"offset": 1204}, {"line": 14}, {"line": 3, "offset": 80}, {}]
        self.validate(
            version,
            verdict="block",
            findings=[
                {
                    "rule": "pickle-global-review",
                    "severity": "high",
                    "verdict": "block",
                    "file": "model.pkl",
                    "why": "w",
                    "remedy": "r",
                    **one,
                }
                for one in where
            ],
        )
        findings = self.versions("vera").browse(version.id).current_finding_ids
        self.assertEqual(
            [one.place for one in findings], ["byte 2", "byte 1,204", "line 14", "line 3", False]
        )
        for view in ("list", "form"):
            self.assertIn(
                "place", self.of("mlops.finding", "vera").get_view(view_type=view)["arch"]
            )

    def test_an_activity_that_is_done_is_an_approval(self):
        version = self.at("Validated")
        own = version.activity_ids.filtered(lambda one: one.user_id == self.people["ben"])
        own.with_user(self.people["ben"]).action_feedback("Fine by me")
        self.assertEqual(
            (version.status, version.approval_ids.comment),
            ("PendingStagingDeployment", "Fine by me"),
        )
        self.build(version)
        self.facts(
            self.newest_deployment(version),
            "Ready",
            endpointUrl="https://gateway.test/endpoints/staging/x",
        )
        version.activity_ids.filtered(lambda one: one.user_id == self.people["ben"]).with_user(
            self.people["ben"]
        ).action_done()
        self.assertEqual(
            (version.status, self.newest_deployment(version).strategy),
            ("PendingProdDeployment", "blue-green"),
        )

    def test_somebody_elses_activity_approves_nothing(self):
        version = self.at("Validated")
        bens = version.activity_ids.filtered(lambda one: one.user_id == self.people["ben"])
        bens.with_user(self.people["mia"]).action_done()
        self.assertEqual(version.status, "Validated")

    def test_the_columns_are_those_of_the_road(self):
        self.at("StagingFailed")
        groups = (
            self.versions("ada")
            .with_context(read_group_expand=True)
            .web_read_group([], groupby=["status"])["groups"]
        )
        names = [one["status"] for one in groups]
        self.assertEqual(
            names,
            [
                "Validating",
                "Validated",
                "PendingStagingDeployment",
                "Staging",
                "StagingFailed",
                "PendingProdDeployment",
                "Live",
            ],
        )

    def test_lists_hear_of_changes_in_the_own_companies_alone(self):
        self.patch(BusWebsocket, "_build_bus_channel_list", lambda _self, channels: channels)
        for login, companies in {
            "ada": self.company,
            "olga": self.other_company,
            "outsider": self.company.browse(),
        }.items():
            with self.subTest(login):
                channels = self.of("ir.websocket", login)._build_bus_channel_list([CHANGES])
                heard = [one for one in channels if isinstance(one, tuple) and one[1] == CHANGES]
                self.assertEqual(heard, [(company, CHANGES) for company in companies])

    def test_comparison(self):
        cases = [
            (None, {"version": "1"}, [{"name": "Version", "now": "–", "then": "1", "same": False}]),
            (
                {"version": "1", "params": {"a": 1}},
                {"version": "1"},
                [
                    {"name": "Version", "now": "1", "then": "1", "same": True},
                    {"name": "a", "now": "1", "then": "–", "same": False},
                ],
            ),
            (
                {"serving": {"gpus": 0}},
                {"serving": {"gpus": 2}},
                [{"name": "GPUs", "now": "0", "then": "2", "same": False}],
            ),
            ({}, {}, []),
        ]
        for now, then, rows in cases:
            with self.subTest(rows):
                self.assertEqual(comparison(now, then), rows)
