from odoo.tests import HttpCase, tagged

from .common import Cast


@tagged("post_install", "-at_install")
class TestTour(HttpCase, Cast):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_cast()

    def test_an_approver_approves_in_the_form(self):
        version = self.at("Validated", version=self.register("ada", name="Tour model"))
        self.start_tour("/odoo/mlops-versions", "creativeflow_mlops_road", login="mlops-ben")
        self.assertEqual(version.status, "PendingStagingDeployment")
