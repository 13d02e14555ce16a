from odoo.tests import tagged

from ...domain.transitions import STATUSES
from ..common import MlopsCase

# status → the states of the eight stops: d done, r running, w waiting, f failed, a aborted, o over,
# - ahead
ROADS = {
    "Validating": "dr------",
    "ValidationFailed": "df------",
    "Validated": "ddw-----",
    "PendingStagingDeployment": "dddr----",
    "StagingFailed": "dddf----",
    "Staging": "dddddw--",
    "PendingProdDeployment": "ddddddr-",
    "ProdFailed": "ddddddf-",
    "Live": "dddddddd",
    "Superseded": "dddddddo",
}
LETTERS = {
    "done": "d",
    "running": "r",
    "waiting": "w",
    "failed": "f",
    "aborted": "a",
    "over": "o",
    "ahead": "-",
}


@tagged("post_install", "-at_install")
class TestRoad(MlopsCase):
    def letters(self, version):
        self.assertEqual(
            [one["key"] for one in version.road],
            ["uploaded", "scanned", "approved", "built", "staging", "promoted", "rolling", "live"],
        )
        return "".join(LETTERS[one["state"]] for one in version.road)

    def test_the_road_of_every_status(self):
        for status, letters in ROADS.items():
            with self.subTest(status):
                self.assertEqual(self.letters(self.at(status)), letters)

    def test_between_build_and_staging(self):
        version = self.at("PendingStagingDeployment")
        self.build(version)
        self.assertEqual(self.letters(version), "ddddr---")
        self.facts(self.newest_deployment(version), "Failed", reason="CrashLoopBackOff")
        self.assertEqual(self.letters(version), "ddddf---")
        self.assertEqual(version.road[4]["reason"], "CrashLoopBackOff")

    def test_a_rejection_is_not_a_failed_scan(self):
        version = self.at("Validated")
        self.versions("ben").reject(version.id, "no licence")
        self.assertEqual(self.letters(version), "ddf-----")
        self.assertEqual(
            (version.road[2]["by"], version.road[2]["reason"]), ("Ben", "Rejected: no licence")
        )

    def test_only_a_live_version_has_its_last_stop_done(self):
        for status in dict(STATUSES):
            with self.subTest(status):
                version = self.at(status)
                self.assertEqual(version.road[7]["state"] == "done", status == "Live")
        version = self.at("Superseded")
        self.versions("mia").archive_version(version.id)
        self.assertEqual(version.road[7]["state"], "over")

    def test_an_aborted_rollout_is_not_a_failed_one(self):
        version = self.at("PendingProdDeployment")
        self.of("mlops.deployment", "ben").abort(self.newest_deployment(version).id, "not today")
        self.assertEqual(self.letters(version), "dddddda-")
        self.assertTrue(version.is_aborted)
        deployment = self.newest_deployment(version)
        self.assertEqual((deployment.is_aborted, deployment.rollout["ended"]), (True, "Aborted"))
        version = self.at("ProdFailed")
        deployment = self.newest_deployment(version)
        self.assertEqual(
            (version.is_aborted, deployment.is_aborted, deployment.rollout["ended"]),
            (False, False, "Failed"),
        )

    def test_who_and_when(self):
        version = self.at("Live")
        stops = {one["key"]: one for one in version.road}
        self.assertEqual((stops["uploaded"]["by"], stops["promoted"]["by"]), ("Ada", "Ben"))
        self.assertTrue(all(stops[key]["at"].endswith("Z") for key in stops))
        self.assertGreaterEqual(stops["built"]["durationMs"], 0)
