from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import tagged

from ...domain import upload_receipt as receipt
from ..common import SECRET, MlopsCase


@tagged("post_install", "-at_install")
class TestRegistration(MlopsCase):
    def test_the_same_key_answers_the_first_answer(self):
        models, payload = self.of("mlops.model", "ada"), self.payload()
        first = models.register_version(payload)
        self.assertTrue(first["created"])
        self.validate(self.env["mlops.model.version"].browse(first["versionId"]))
        self.assertEqual(models.register_version(payload), {**first, "created": False})
        again = self.of("mlops.model", "mia").register_version(
            {**self.payload("mia"), "idempotencyKey": payload["idempotencyKey"]}
        )
        self.assertTrue(again["created"], "a key is the user's own")

    def test_a_concurrent_twin_is_run_again(self):
        """The unique index stops the second insert; the call must be retried by a new transaction,
        which sees the first.
        """
        models = self.of("mlops.model", "ada")
        failing = patch.object(
            type(models), "_store_version", side_effect=psycopg2.errors.UniqueViolation("twin")
        )
        with failing, self.assertRaises(ConcurrencyError):
            models.register_version(self.payload())

    def test_a_receipt_is_needed(self):
        models, good = self.of("mlops.model", "ada"), self.payload()
        larger = [{**one, "size": one["size"] + 1} for one in good["artifacts"]]
        forged = {
            "none": {**good, "receipt": None},
            "wrong": {**good, "receipt": "0" * 64},
            "not a text": {**good, "receipt": 7},
            "other bytes": {**good, "artifacts": larger},
            "another user's": {
                **good,
                "receipt": receipt.sign(SECRET, self.people["mia"].id, good["artifacts"]),
            },
            "another secret": {
                **good,
                "receipt": receipt.sign("guess", self.people["ada"].id, good["artifacts"]),
            },
        }
        for name, payload in forged.items():
            with self.subTest(name), self.assertRaisesRegex(AccessError, "receipt"):
                models.register_version(payload)
        self.env["ir.config_parameter"].sudo().set_param("creativeflow_mlops.receipt_secret", "")
        with self.assertRaises(AccessError):
            models.register_version(
                {**good, "receipt": receipt.sign("", self.people["ada"].id, good["artifacts"])}
            )

    def test_the_receipt_is_as_documented(self):
        artifacts = [
            {"kind": "model", "filename": "m", "objectKey": "k1", "digest": "d1", "size": 10},
            {
                "kind": "dockerfile",
                "filename": "Dockerfile",
                "objectKey": "k2",
                "digest": "d2",
                "size": 2,
            },
        ]
        # printf '7\ndockerfile|Dockerfile|k2|d2|2\nmodel|m|k1|d1|10' | openssl dgst -sha256 -hmac s
        self.assertEqual(
            receipt.sign("s", 7, artifacts),
            "4a6a4216c5e71e5aee116f17a80379aea7eff92657794daec5cc90dc1ecc3e93",
        )
        self.assertEqual(receipt.sign("s", 7, artifacts[::-1]), receipt.sign("s", 7, artifacts))

    def test_malformed_payloads(self):
        models, good = self.of("mlops.model", "ada"), self.payload()
        model, dockerfile = good["artifacts"]
        bad = {
            "no name": {"name": " "},
            "a version with a slash": {"version": "1/2"},
            "params as text": {"params": "x"},
            "no key": {"idempotencyKey": ""},
            "no artifacts": {"artifacts": None},
            "no dockerfile": {"artifacts": [model]},
            "two models": {"artifacts": [model, {**model, "filename": "n"}, dockerfile]},
            "a digest in capitals": {
                "artifacts": [{**model, "digest": "sha256:" + "A" * 64}, dockerfile]
            },
            "a negative size": {"artifacts": [{**model, "size": -1}, dockerfile]},
            "a file name that breaks the receipt's lines": {
                "artifacts": [{**model, "filename": "a\nb"}, dockerfile]
            },
            "a file name with a bar": {"artifacts": [{**model, "filename": "a|b"}, dockerfile]},
            "the same name twice": {
                "artifacts": [model, {**dockerfile, "filename": model["filename"]}]
            },
        }
        for name, change in bad.items():
            with self.subTest(name), self.assertRaises(UserError) as caught:
                models.register_version({**good, **change})
            self.assertNotIsInstance(caught.exception, AccessError)
        with self.assertRaises(UserError):
            models.register_version("payload")

    def test_upload_check(self):
        models = self.of("mlops.model", "ada")
        version = self.register(name="Digits", version="1.0")
        self.assertEqual(
            models.upload_check("Digits", "1.1"),
            {"ok": True, "reason": None, "code": None, "modelId": version.model_id.id},
        )
        self.assertEqual(models.upload_check("Digits", "1.0")["code"], "VersionExists")
        self.assertEqual(models.upload_check("Digits", "no spaces")["code"], "Invalid")
        self.assertEqual(models.upload_check("New", "1.0", "Nobody's team")["code"], "Forbidden")
        self.assertEqual(
            models.upload_check("New", "1.0"),
            {"ok": True, "reason": None, "code": None, "modelId": None},
        )
        with self.assertRaises(UserError):
            self.register(name="Digits", version="1.0")

    def test_upload_check_of_a_second_try(self):
        models, payload = self.of("mlops.model", "ada"), self.payload(name="Twice")
        models.register_version(payload)
        again = {
            "name": "Twice",
            "version": payload["version"],
            "idempotency_key": payload["idempotencyKey"],
        }
        self.assertTrue(models.upload_check(**again)["ok"])
        self.assertEqual(
            models.upload_check(**{**again, "idempotency_key": "another"})["code"], "VersionExists"
        )
        self.assertEqual(
            self.of("mlops.model", "mia").upload_check(**again)["code"],
            "VersionExists",
            "a key is the user's own",
        )

    def test_known_keys(self):
        keys = self.register().artifact_ids.mapped("object_key")
        self.assertEqual(
            self.of("mlops.artifact", "bridge").known_keys([*keys, "artifacts/none"]), sorted(keys)
        )
        for login in ("vera", "ada", "mia", "n8n"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.of("mlops.artifact", login).known_keys(keys)

    def test_a_team_by_name(self):
        team = self.env["mlops.team"].create(
            {
                "name": "Vision",
                "company_id": self.company.id,
                "member_ids": [(4, self.people["ada"].id)],
            }
        )
        version = self.register(name="Eyes", team="vision")
        self.assertEqual((version.model_id.team_id, version.team_id), (team, team))
        check = self.of("mlops.model", "abe").upload_check("Eyes", "2")
        self.assertEqual(
            (check["ok"], check["code"], check["modelId"]),
            (False, "Forbidden", None),
            "taken, and says nothing more",
        )

    def test_nothing_of_the_context_gets_in(self):
        context = {
            "default_status": "Live",
            "default_image_digest": "sha256:" + "f" * 64,
            "default_is_available": True,
            "mlops_key": True,
        }
        self.env["ir.default"].sudo().set("mlops.model.version", "build_state", "done")
        self.env["ir.default"].sudo().set("mlops.model.version", "framework", "spoofed")
        answer = (
            self.of("mlops.model", "ada")
            .with_context(**context)
            .register_version(self.payload(framework=None))
        )
        version = self.env["mlops.model.version"].browse(answer["versionId"])
        self.assertEqual(
            (
                version.status,
                version.image_digest,
                version.is_available,
                version.build_state,
                version.framework,
            ),
            ("Validating", False, False, "none", False),
        )

    def test_names_that_make_the_same_slug_get_a_number(self):
        first, second = self.register(name="Same Name"), self.register(name="same name")
        self.assertEqual((first.model_id.slug, second.model_id.slug), ("same-name", "same-name-2"))
