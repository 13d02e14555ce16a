from odoo.exceptions import MissingError, UserError
from odoo.tests import tagged

from ..common import MlopsCase, digest


@tagged("post_install", "-at_install")
class TestFacts(MlopsCase):
    def test_stale_facts_change_nothing_and_are_journalled(self):
        version = self.at("Validated")
        self.versions("ada").rescan(version.id)
        before = self.env["mlops.event"].search_count([("topic", "=", "fact.stale")])
        answer = self.versions("bridge").report_validation(
            version.id, 1, "block", [{"rule": "x", "file": "f", "why": "w"}], {}, "k", "1"
        )
        self.assertTrue(
            answer["accepted"], "generation 1 was reported before: the first answer stands"
        )
        self.assertEqual(version.status, "Validating")
        answer = self.versions("bridge").report_build(version.id, 1, "done", "i", digest("d"))
        self.assertEqual(
            (answer["accepted"], answer["reason"], answer["generation"]),
            (False, "StaleGeneration", 2),
        )
        deployment = self.newest_deployment(self.at("PendingStagingDeployment"))
        for generation, reason in ((0, "StaleGeneration"), (9, "UnknownGeneration")):
            answer = self.of("mlops.deployment", "bridge").report_facts(
                deployment.id, generation, {"phase": "Ready"}
            )
            self.assertEqual((answer["accepted"], answer["reason"]), (False, reason))
        self.assertFalse(deployment.is_live)
        self.assertEqual(
            self.env["mlops.event"].search_count([("topic", "=", "fact.stale")]), before + 3
        )

    def test_facts_are_idempotent(self):
        version = self.at("Live")
        deployment = self.newest_deployment(version)
        events = self.env["mlops.event"].search_count([])
        lock_version = version.lock_version
        self.assertTrue(self.facts(deployment, "Ready")["accepted"])
        self.assertTrue(
            self.versions("bridge").report_build(
                version.id, version.generation, "done", version.image, version.image_digest
            )["accepted"]
        )
        self.assertEqual((version.status, version.lock_version), ("Live", lock_version))
        self.assertEqual(self.env["mlops.event"].search_count([]), events)

    def test_findings_and_serving(self):
        version = self.register(serving={"port": 9000})
        finding = {
            "rule": "PICKLE-GLOBAL",
            "severity": "critical",
            "verdict": "block",
            "file": "model.pkl",
            "offset": 5 * 2**32,
            "line": None,
            "symbol": "os.system",
            "why": "it would run a command",
            "remedy": "use safetensors",
        }
        self.versions("bridge").report_validation(
            version.id,
            1,
            "block",
            [finding],
            {},
            "reports/x.json",
            "7",
            serving={"port": 8080, "readinessPath": "/ready"},
        )
        self.assertEqual(version.status, "ValidationFailed")
        self.assertEqual(
            version.status_reason, "ScanBlocked: PICKLE-GLOBAL in model.pkl: it would run a command"
        )
        self.assertEqual(version.serving, {"port": 9000, "readinessPath": "/ready"})
        shown = self.versions("vera").detail(version.id)["findings"][0]
        self.assertEqual(
            (shown["offset"], shown["symbol"], shown["line"]), (5 * 2**32, "os.system", None)
        )

    def test_review_fails_while_there_is_no_waiver(self):
        version = self.register()
        self.validate(
            version,
            "review",
            [
                {
                    "rule": "UNKNOWN",
                    "severity": "medium",
                    "verdict": "review",
                    "file": "a.bin",
                    "why": "not understood",
                }
            ],
        )
        self.assertEqual(version.status, "ValidationFailed")
        self.assertIn("NeedsReview", version.status_reason)

    def test_a_failed_build_fails_staging_and_is_wanted_again(self):
        version = self.at("StagingFailed")
        self.assertEqual(version.status_reason, "BuildFailed: RUN exited with 1")
        deployment = self.newest_deployment(version)
        self.assertEqual((deployment.phase, deployment.desired), ("Failed", "removed"))
        self.versions("ben").approve_deployment(version.id, "staging")
        self.assertEqual(version.build_state, "wanted")
        self.build(version, "running", log_key="logs/2")
        self.assertEqual(
            (self.newest_deployment(version).phase, version.build_log_key), ("Building", "logs/2")
        )
        self.build(version)
        self.assertEqual(
            (self.newest_deployment(version).phase, version.image_digest), ("Pending", digest("c"))
        )

    def test_another_digest_is_refused(self):
        version = self.at("Staging")
        answer = self.build(version, letter="d")
        self.assertEqual(
            (answer["accepted"], answer["reason"], version.image_digest),
            (False, "DigestMismatch", digest("c")),
        )

    def test_a_failed_rollout_leaves_what_served_before(self):
        first = self.at("Live")
        second = self.at(
            "ProdFailed", version=self.register("ada", name=first.model_id.name, version="2")
        )
        self.assertEqual(second.status_reason, "ImagePullBackOff: no such image")
        self.assertEqual((first.status, first.is_available), ("Live", True))
        self.assertTrue(
            first.deployment_ids.filtered(
                lambda one: one.is_live and one.environment_kind == "production"
            )
        )
        late = self.of("mlops.deployment", "bridge").report_facts(
            self.newest_deployment(second).id, 1, {"phase": "Ready"}
        )
        self.assertEqual((late["accepted"], second.status), (False, "ProdFailed"))

    def test_the_endpoint_follows_the_health_of_what_is_live(self):
        version = self.at("Live")
        deployment = self.newest_deployment(version)
        endpoint = self.env["mlops.endpoint"].search(
            [("model_id", "=", version.model_id.id), ("environment_kind", "=", "production")]
        )
        self.assertEqual(
            (endpoint.is_available, endpoint.version, endpoint.input_schema),
            (True, "1.0.0", '{"type": "object"}'),
        )
        self.facts(deployment, "Failed", reason="CrashLoopBackOff")
        self.assertEqual(
            (version.status, version.is_available, endpoint.is_available), ("Live", False, False)
        )
        self.facts(deployment, "Ready")
        self.assertEqual((version.is_available, endpoint.is_available), (True, True))

    def test_removed_in_the_end(self):
        first = self.at("Superseded")
        kept = self.newest_deployment(first)
        kept._want("removed")
        self.facts(kept, "Removed", observed={"replicas": 0})
        self.assertEqual(kept.phase, "Removed")

    def test_work_tells_everything(self):
        version = self.at("PendingStagingDeployment")
        work = self.versions("bridge").work(version.id)
        self.assertEqual({one["kind"] for one in work["artifacts"]}, {"model", "dockerfile"})
        self.assertTrue(all(one["objectKey"] and one["size"] for one in work["artifacts"]))
        self.assertEqual(
            (work["generation"], work["buildState"], work["scan"]["verdict"]), (2, "wanted", "pass")
        )
        deployment = work["deployments"][0]
        self.assertEqual(
            (deployment["environment"]["kind"], deployment["desired"]), ("staging", "serving")
        )
        self.assertEqual(
            deployment, self.of("mlops.deployment", "bridge").work(deployment["deploymentId"])
        )

    def test_nonsense_is_refused(self):
        version = self.register()
        with self.assertRaises(UserError):
            self.validate(version, "maybe")
        with self.assertRaises(MissingError):
            self.versions("bridge").work(2**30)
        pending = self.at("PendingStagingDeployment")
        with self.assertRaises(UserError):
            self.versions("bridge").report_build(
                pending.id, pending.generation, "done", "image", "latest"
            )
        with self.assertRaises(UserError):
            self.facts(self.newest_deployment(pending), "Live")
