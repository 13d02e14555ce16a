from ..domain.rollout_steps import JUDGE
from .common import MlopsCase

SCALE, PREVIEW, ALL = (
    {"kind": "scale", "percent": 100},
    {"kind": "preview"},
    {"kind": "weight", "percent": 100},
)
WAIT, PERSON = {"kind": "wait", "seconds": 60}, {"kind": "approve", "withinSeconds": 300}
STEPS = [SCALE, {"kind": "weight", "percent": 10}, WAIT, JUDGE, PERSON, ALL]
AT = {"scale": 0, "weight": 1, "wait": 2, "judge": 3, "approve": 4}


class RolloutCase(MlopsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.production = cls.env["mlops.environment"]._of(cls.company, "production")
        cls.production.own_steps = True

    def deployments(self, login):
        return self.of("mlops.deployment", login)

    def begin(self, submitter="ada", steps=None, login="ben", **facts):
        """A canary under way, and its version."""
        version = self.at("Staging", submitter=submitter)
        answer = self.versions(login).approve_promotion(
            version.id, "production", "canary", steps=STEPS if steps is None else steps
        )
        deployment = self.env["mlops.deployment"].sudo().browse(answer["deploymentId"])
        return version, deployment

    def reach(self, deployment, step):
        """The bridge says at which step it is."""
        self.facts(
            deployment,
            "Progressing",
            observed={
                "rollout": {
                    "step": step,
                    "steps": deployment.steps,
                    "since": "2026-01-01T00:00:00.000Z",
                    "waitingFor": "time",
                    "until": None,
                    "weight": 10,
                    "judgements": [],
                    "next": "Judge it.",
                }
            },
        )
