from odoo.exceptions import UserError
from odoo.tests import tagged

from ...domain.transitions import (
    STATUS_NAMES,
)
from ..common import MlopsCase

# What each method of a person makes of each status; a status that is not named is refused.
METHODS = {
    "approve_deployment": dict.fromkeys(
        ("Validated", "StagingFailed", "Staging", "Superseded"), "PendingStagingDeployment"
    ),
    "approve_promotion": dict.fromkeys(("Staging", "ProdFailed"), "PendingProdDeployment"),
    "reject": {"Validated": "ValidationFailed"},
    "rescan": dict.fromkeys(("Validated", "ValidationFailed"), "Validating"),
    "archive_version": dict.fromkeys(
        ("Validated", "ValidationFailed", "Staging", "StagingFailed", "ProdFailed", "Superseded"),
        "Archived",
    ),
    "rollback": {},  # a single live version has nothing to go back to; see test_actions
}
ARGUMENTS = {
    "approve_deployment": ("staging",),
    "approve_promotion": ("production", "blue-green"),
    "reject": ("not good enough",),
    "rollback": ("production",),
}
LOGIN = "mia"  # a manager may do all of it and has not uploaded


@tagged("post_install", "-at_install")
class TestTransitions(MlopsCase):
    def test_every_status_with_every_method(self):
        for status in STATUS_NAMES:
            for method, outcome in METHODS.items():
                with self.subTest(status=status, method=method):
                    version = self.at(status)
                    self.assertEqual(version.status, status)
                    lock_version = version.lock_version
                    call = getattr(self.versions(LOGIN), method)
                    if status in outcome:
                        answer = call(version.id, *ARGUMENTS.get(method, ()))
                        self.assertEqual(answer["status"], outcome[status])
                        self.assertEqual(version.status, outcome[status])
                        self.assertEqual(version.lock_version, lock_version + 1)
                        self.assertEqual(answer["lockVersion"], version.lock_version)
                    else:
                        with self.assertRaises(UserError):
                            call(version.id, *ARGUMENTS.get(method, ()))
                        self.assertEqual(version.status, status)
                        self.assertEqual(version.lock_version, lock_version)

    def test_every_status_with_every_fact(self):
        """Facts move a version only from the status that waits for them."""
        for status in STATUS_NAMES:
            with self.subTest(status=status, fact="validation"):
                version = self.at(status)
                answer = self.validate(version)
                self.assertEqual(version.status, "Validated" if status == "Validating" else status)
                if status not in ("Validating", "Validated", "ValidationFailed", "Archived"):
                    self.assertFalse(answer["accepted"])
            with self.subTest(status=status, fact="build failed"):
                version = self.at(status)
                self.build(version, "failed", reason="no")
                self.assertEqual(
                    version.status,
                    "StagingFailed" if status == "PendingStagingDeployment" else status,
                )
