import io
import re
from pathlib import Path

import polib

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.translate import trans_export

from ..common import MlopsCase

MODULE = "creativeflow_mlops"
FOLDER = Path(__file__).parents[2] / "i18n"
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|%%|</?\w+")


def terms(path):
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))}


@tagged("post_install", "-at_install")
class TestTranslations(MlopsCase):
    def test_the_template_has_every_term(self):
        """Written anew by `npm run addon-terms`."""
        export = io.BytesIO()
        trans_export(None, [MODULE], export, "po", self.env)
        exported = {entry.msgid for entry in polib.pofile(export.getvalue().decode())}
        self.assertEqual(exported ^ set(terms(FOLDER / f"{MODULE}.pot")), set())

    def test_french_has_every_term_with_its_placeholders(self):
        french = terms(FOLDER / "fr.po")
        self.assertEqual(set(french) ^ set(terms(FOLDER / f"{MODULE}.pot")), set())
        for english, words in french.items():
            with self.subTest(english):
                self.assertTrue(words)
                self.assertEqual(
                    sorted(PLACEHOLDER.findall(words)), sorted(PLACEHOLDER.findall(english))
                )

    def test_people_read_their_language_and_programs_read_codes(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        version = self.at("Staging", submitter="abe")
        versions = self.versions("abe").with_context(lang="fr_FR")
        promote = next(
            one for one in versions.browse(version.id).allowed_actions if one["name"] == "promote"
        )
        self.assertEqual(promote["code"], "second-person-needed")
        self.assertIn("seconde personne", promote["reason"])
        with self.assertRaisesRegex(AccessError, "seconde personne") as refused:
            versions.approve_promotion(version.id, "production", "blue-green")
        self.assertEqual(refused.exception.context, {"code": "second-person-needed"})
        with self.refused("stale"):
            versions.approve_promotion(
                version.id, "production", "blue-green", seen=version.lock_version - 1
            )
