from odoo.tests import HttpCase, tagged

from ..common import Cast


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

    def test_a_refreshed_list_keeps_what_did_not_change(self):
        for name in ("Live model A", "Live model B"):
            self.at("Validated", version=self.register("ada", name=name))
        self.start_tour(
            "/odoo/mlops-versions?view_type=list", "creativeflow_mlops_live_list", login="mlops-mia"
        )

    def test_a_refreshed_kanban_keeps_what_did_not_change(self):
        for name in ("Live model A", "Live model B"):
            self.at("Validated", version=self.register("ada", name=name))
        self.start_tour("/odoo/mlops-versions", "creativeflow_mlops_live_kanban", login="mlops-mia")
