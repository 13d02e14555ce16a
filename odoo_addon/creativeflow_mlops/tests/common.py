from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user

from ..domain import upload_receipt as receipt

SECRET = "a receipt secret of the tests"
PREFIX = "creativeflow_mlops.group_"
ROLES = {
    "vera": ("viewer",),
    "ada": ("data_scientist",),
    "ben": ("approver",),
    "mia": ("manager",),
    "bridge": ("bridge",),
    "n8n": ("endpoint_reader", "requester"),
}


def digest(letter):
    return "sha256:" + letter * 64


class Cast:
    """The people, the service accounts and a version at any status, for the test classes to
    inherit.
    """

    @classmethod
    def set_up_cast(cls):
        cls.env = cls.env(
            context={**cls.env.context, "tracking_disable": False, "mail_notify_force_send": False}
        )
        cls.env["ir.config_parameter"].sudo().set_param("creativeflow_mlops.receipt_secret", SECRET)
        cls.company = cls.env["res.company"].create({"name": "Models Ltd"})
        cls.other_company = cls.env["res.company"].create({"name": "Other Ltd"})
        cls.people = {
            login: cls.make_user(login, groups, cls.company) for login, groups in ROLES.items()
        }
        cls.people["olga"] = cls.make_user("olga", ("manager",), cls.other_company)
        cls.people["abe"] = cls.make_user("abe", ("data_scientist", "approver"), cls.company)
        cls.people["outsider"] = new_test_user(
            cls.env,
            "mlops-outsider",
            "base.group_user",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.people["admin"] = cls.env.ref("base.user_admin")
        cls.people["admin"].company_ids |= cls.company | cls.other_company
        cls.numbers = iter(range(1, 10_000))

    @classmethod
    def make_user(cls, login, roles, company):
        return new_test_user(
            cls.env,
            f"mlops-{login}",
            ",".join(PREFIX + role for role in roles),
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
            name=login.title(),
        )

    def of(self, model, login):
        """The model as this person, in an environment with nothing cached."""
        user = self.people[login]
        return (
            self.env[model]
            .with_user(user)
            .with_company(user.company_id)
            .with_context(allowed_company_ids=user.company_ids.ids)
        )

    def versions(self, login):
        return self.of("mlops.model.version", login)

    def payload(self, login="ada", **changes):
        number = next(self.numbers)
        artifacts = changes.pop("artifacts", None) or [
            {
                "kind": "model",
                "filename": "model.safetensors",
                "objectKey": f"artifacts/{number}/m",
                "digest": digest("a"),
                "size": 3 * 2**31,
                "mediaType": "application/octet-stream",
            },
            {
                "kind": "dockerfile",
                "filename": "Dockerfile",
                "objectKey": f"artifacts/{number}/d",
                "digest": digest("b"),
                "size": 120,
                "mediaType": "text/plain",
            },
        ]
        return {
            "idempotencyKey": f"key-{number}",
            "name": f"Model {number}",
            "version": "1.0.0",
            "team": None,
            "description": "A test",
            "framework": "numpy",
            "params": {"depth": 3},
            "metrics": {"accuracy": 0.9},
            "inputSchema": {"type": "object"},
            "outputSchema": {"type": "array"},
            "serving": {"replicas": 1},
            "artifacts": artifacts,
            "receipt": receipt.sign(SECRET, self.people[login].id, artifacts),
            **changes,
        }

    def register(self, login="ada", **changes):
        answer = self.of("mlops.model", login).register_version(self.payload(login, **changes))
        return self.env["mlops.model.version"].sudo().browse(answer["versionId"])

    def validate(self, version, verdict="pass", findings=()):
        return self.versions("bridge").report_validation(
            version.id,
            version.generation,
            verdict,
            list(findings),
            {"format": "safetensors"},
            "reports/1.json",
            "2026.1",
        )

    def build(self, version, state="done", letter="c", **more):
        image = (
            {"image": "registry.test/models/x", "image_digest": digest(letter)}
            if state == "done"
            else {}
        )
        return self.versions("bridge").report_build(
            version.id, version.generation, state, **image, **more
        )

    def facts(self, deployment, phase, **facts):
        return self.of("mlops.deployment", "bridge").report_facts(
            deployment.id, deployment.generation, {"phase": phase, **facts}
        )

    def newest_deployment(self, version):
        return (
            self.env["mlops.deployment"]
            .sudo()
            .search([("version_id", "=", version.id)], order="id desc", limit=1)
        )

    def at(self, status, version=None, submitter="ada", **changes):
        """A version at this status, brought there by the methods alone."""
        version = version or self.register(submitter, **changes)
        if status == "Validating":
            return version
        if status == "ValidationFailed":
            self.validate(
                version,
                "block",
                [
                    {
                        "rule": "PICKLE-EXEC",
                        "severity": "critical",
                        "verdict": "block",
                        "file": "model.pkl",
                        "why": "it runs code",
                    },
                ],
            )
            return version
        self.validate(version)
        if status == "Archived":
            self.versions("mia").archive_version(version.id)
        if status in ("Validated", "Archived"):
            return version
        self.versions("ben").approve_deployment(version.id, "staging")
        if status == "PendingStagingDeployment":
            return version
        if status == "StagingFailed":
            self.build(version, "failed", reason="RUN exited with 1")
            return version
        self.build(version)
        self.facts(
            self.newest_deployment(version),
            "Ready",
            endpointUrl="https://gateway.test/endpoints/staging/x",
        )
        if status == "Staging":
            return version
        self.versions("ben").approve_promotion(version.id, "production", "blue-green")
        if status == "PendingProdDeployment":
            return version
        if status == "ProdFailed":
            self.facts(
                self.newest_deployment(version), "Failed", reason="ImagePullBackOff: no such image"
            )
            return version
        self.facts(
            self.newest_deployment(version),
            "Ready",
            endpointUrl="https://gateway.test/endpoints/production/x",
        )
        if status == "Superseded":
            self.supersede(version)
        return version

    def supersede(self, version):
        """Another version of the model becomes live; answers that one."""
        number = next(self.numbers)
        return self.at(
            "Live", version=self.register("ada", name=version.model_id.name, version=f"2.{number}")
        )


class MlopsCase(TransactionCase, Cast):
    changed_by_hand = False  # a test that writes states past the methods says so

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()

    def settle(self):
        """What the database looks at when a transaction is committed, now: each change of a state
        has its journal row.
        """
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")

    def tearDown(self):
        if not self.changed_by_hand:
            self.settle()
        super().tearDown()

    @contextmanager
    def refused(self, code):
        """The block raises a UserError that carries this code, whatever its sentence."""
        with self.assertRaises(UserError) as raised:
            yield
        self.assertEqual(getattr(raised.exception, "context", {}).get("code"), code)
