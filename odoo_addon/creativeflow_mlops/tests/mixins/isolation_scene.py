"""Two companies with everything that the addon keeps, what is secret in them, and an account of
each role that may not see it.
"""

from unittest.mock import patch

from psycopg2 import DatabaseError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.base.models import res_users

from ..common import Cast

MODULE = "creativeflow_mlops"
FOREIGN, HIDDEN = "foreignsecret", "hiddensecret"
QUIET = (
    "odoo.sql_db",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.base.models.ir_model",
    "odoo.models",
    "odoo.fields",
)


def account(env, login, company, group):
    """Without a password: its hash would take most of the time of these tests."""
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login,
                "login": login,
                "email": f"{login}@example.com",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, env.ref(f"{MODULE}.{group}").ids)],
            }
        )
    )


class Company(Cast):
    """A company with its people; `fill` walks a model through the methods alone."""

    def __init__(self, env, name, prefix):
        self.env, self.numbers = env, iter(range(1, 10_000))
        self.company = env["res.company"].create({"name": name})
        roles = {
            "ada": "data_scientist",
            "ben": "approver",
            "mia": "manager",
            "bridge": "bridge",
            "n8n": "requester",
        }
        self.people = {
            login: account(env, f"{prefix}-{login}", self.company, f"group_{role}")
            for login, role in roles.items()
        }

    def fill(self, name, marker="", team=None):
        """A live version, one under way, one that waits for a waiver, with what belongs to them.
        Answers the model.
        """
        mark = f"-{marker}" if marker else ""
        about = {
            "name": name,
            "team": team,
            "params": {"depth": f"3{mark}"},
            "metrics": {"accuracy": f"1{mark}"},
        }
        live = self.at("Live", **about, version=self.register(**about, **{"version": f"1.0{mark}"}))
        waiting = self.register(**about, **{"version": f"2.0{mark}"})
        self.validate(
            waiting,
            "review",
            [
                {
                    "rule": f"RULE{mark}",
                    "severity": "low",
                    "verdict": "review",
                    "file": "model.safetensors",
                    "why": f"odd{mark}",
                }
            ],
        )
        self.versions("ada").request_waiver(waiting.id, f"because{mark}")
        other = self.register(**about, **{"version": f"3.0{mark}"})
        self.validate(other)
        self.of("mlops.request", "ben").create(
            {"action": "deploy", "version_id": other.id, "comment": f"now{mark}"}
        )
        self.of("mlops.decision", "ben").create(
            {"version_id": live.id, "action": "reject", "comment": f"no{mark}"}
        )
        deployment = self.newest_deployment(live)
        self.of("mlops.steering", "ben").create(
            {"deployment_id": deployment.id, "action": "abort-rollout", "reason": f"no{mark}"}
        )
        return live.model_id

    def at(self, status, version=None, submitter="ada", **changes):
        return super().at(status, version=version, submitter=submitter)

    def settings(self, mark):
        mia = self.people["mia"]
        team = self.env["mlops.team"].create(
            {
                "name": f"Team{mark}",
                "company_id": self.company.id,
                "member_ids": [(6, 0, [self.people[login].id for login in ("ada", "ben")])],
            }
        )
        self.env["mlops.webhook"].with_user(mia).create(
            {"name": f"Hook{mark}", "url": f"https://hooks.test/{mark}"}
        )
        self.env["mlops.environment"].search([("company_id", "=", self.company.id)]).write(
            {
                "name": f"Place{mark}",
                "cluster": f"cluster{mark}",
                "namespace": f"space{mark}",
            }
        )
        production = self.env["mlops.environment"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "production")]
        )
        production.with_user(mia).write(
            {"four_eyes": False, "policy_reason": f"loosened{mark}"}
        )  # waits for a second manager
        self.env["resource.calendar"].create(
            {"name": f"Hours{mark}", "company_id": self.company.id}
        )
        return team


class Scene:
    def set_up_scene(self):
        """`self` is the test class: `foreign` (another company, all secret), `own` with a hidden
        team, and `accounts`.
        """
        self.env["ir.config_parameter"].sudo().set_param(
            "creativeflow_mlops.receipt_secret", "a receipt secret of the tests"
        )
        self.foreign = Company(self.env, "Foreign Ltd", "foreign")
        self.foreign.settings(f"-{FOREIGN}")
        self.foreign.fill(f"Model {FOREIGN}", FOREIGN)
        self.own = Company(self.env, "Own Ltd", "own")
        self.hidden_team = self.own.settings("")
        self.hidden_team.name = f"Team {HIDDEN}"
        self.hidden = self.own.fill(f"Model {HIDDEN}", HIDDEN, team=self.hidden_team.name)
        self.own.fill("Open")
        self.groups = {
            one.name: one.complete_name
            for one in self.env["ir.model.data"].search(
                [("module", "=", MODULE), ("model", "=", "res.groups")]
            )
        }
        self.accounts = {
            name: account(self.env, f"isolated-{name}", self.own.company, name)
            for name in self.groups
        }
        self.env.flush_all()

    def our_models(self):
        """Names of the addon's models in the registry, without abstract ones."""
        return sorted(
            name
            for name, model in self.env.registry.items()
            if name.startswith("mlops.") and not model._abstract
        )

    def secrets_of(self, comodel, kind):
        """One record that the accounts may not see: of the other company, or of the hidden team;
        empty when there is none.
        """
        records = self.env[comodel].sudo().with_context(active_test=False)
        if comodel == "res.company":
            return self.foreign.company if kind == "foreign" else records
        if comodel == "res.users":
            return self.foreign.people["mia"] if kind == "foreign" else records
        if comodel == "mlops.team":
            return (
                self.hidden_team
                if kind == "hidden"
                else records.search([("company_id", "=", self.foreign.company.id)], limit=1)
            )
        about = {"mlops.decision": "version_id.", "mlops.steering": "deployment_id."}.get(
            comodel, ""
        )
        if "company_id" not in records._fields and not about:
            return records
        if kind == "foreign":
            return records.search([(f"{about}company_id", "=", self.foreign.company.id)], limit=1)
        if comodel == "mlops.model":
            return self.hidden
        if "team_id" not in records._fields and not about:
            about = "version_id." if "version_id" in records._fields else ""
        if "team_id" not in records._fields and not about:
            return records
        return records.search([(f"{about}team_id", "=", self.hidden_team.id)], limit=1)

    def kinds_for(self, group):
        """A manager sees every team of the company."""
        return ("foreign",) if group == "group_manager" else ("foreign", "hidden")

    def attempt(self, call):
        """What a call answers, or its refusal as text; its changes are taken back. A fault that is
        no refusal is raised.
        """
        debugging = patch.object(
            res_users,
            "request",
            type("Request", (), {"session": type("Session", (), {"debug": "1"})}),
        )
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            with debugging, mute_logger(*QUIET):
                answer = call()
                self.env.flush_all()
                return answer, None
        except (UserError, DatabaseError) as error:
            return None, f"{type(error).__name__}: {error} {getattr(error, 'context', '')}"
        finally:
            self.env.transaction.clear()
            savepoint.close(rollback=True)
            self.env.transaction.clear()

    def assertTellsNothing(self, group, answer, refusal, what):
        """Neither the answer nor the refusal has anything of what is secret from this group's
        account.
        """
        for marker in (FOREIGN,) if group == "group_manager" else (FOREIGN, HIDDEN):
            self.assertNotIn(marker, f"{answer} {refusal}".lower(), what)
