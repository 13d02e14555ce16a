import select

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.fields import Command
from odoo.sql_db import connection_info_for, db_connect
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

from ...models.events.rights_feed import CHANNEL, WATCHED
from ..common import PREFIX, MlopsCase


@tagged("post_install", "-at_install")
class TestRightsFeed(BaseCase):
    """On real connections: each change of somebody's rights is told at the commit, whoever listens,
    and nothing before.
    """

    def listen(self):
        listener = psycopg2.connect(**connection_info_for(get_db_name())[1])
        self.addCleanup(listener.close)
        listener.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        return listener

    def heard(self, listener, seconds=10):
        if not listener.notifies:
            select.select([listener], [], [], seconds)
        listener.poll()
        payloads = {one.payload for one in listener.notifies}
        listener.notifies.clear()
        return payloads

    def test_each_change_of_rights_is_told_at_the_commit(self):
        listeners = [self.listen(), self.listen()]
        real = db_connect(get_db_name()).cursor()
        self.addCleanup(real.close)
        env = Environment(real, SUPERUSER_ID, {})
        user = env["res.users"].create(
            {
                "name": "Rita",
                "login": "mlops-rita",
                "group_ids": [Command.link(env.ref("base.group_user").id)],
            }
        )
        other = env["res.company"].create({"name": "Rita's other company"})
        team = env["mlops.team"].create({"name": "Rita's", "company_id": env.company.id})
        viewer = env.ref(PREFIX + "viewer")
        real.commit()
        for listener in listeners:
            self.heard(listener)
        keys = env["res.users.apikeys"].with_user(user).sudo()
        changes = {
            "a key made": lambda: keys._generate("rpc", "x", False),
            "a key removed": lambda: (
                env["res.users.apikeys"].search([("user_id", "=", user.id)]).unlink()
            ),
            "a role given": lambda: user.write({"group_ids": [Command.link(viewer.id)]}),
            "a role taken by the group": lambda: viewer.write(
                {"user_ids": [Command.unlink(user.id)]}
            ),
            "a company given": lambda: user.write({"company_ids": [Command.link(other.id)]}),
            "a company taken": lambda: other.write({"user_ids": [Command.unlink(user.id)]}),
            "a team joined": lambda: team.write({"member_ids": [Command.link(user.id)]}),
            "a team left": lambda: team.write({"member_ids": [Command.clear()]}),
            "a password": lambda: user.write({"password": "a long enough password"}),
            "by SQL": lambda: real.execute(
                "UPDATE res_users SET active = active, password = 'x' WHERE id = %s", [user.id]
            ),
            "archived": lambda: user.write({"active": False}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                change()
                env.flush_all()
                self.assertFalse(self.heard(listeners[0], 0), "not before the commit")
                real.commit()
                for listener in listeners:
                    self.assertIn(str(user.id), self.heard(listener))
        with self.subTest("a role that brings another"):
            viewer.write({"implied_ids": [Command.link(env.ref("base.group_no_one").id)]})
            env.flush_all()
            real.commit()
            self.assertIn("", self.heard(listeners[0]), "about everybody")
            viewer.write({"implied_ids": [Command.unlink(env.ref("base.group_no_one").id)]})
        with self.subTest("what is no right"):
            env.flush_all()
            real.commit()
            self.heard(listeners[0])
            user.partner_id.write({"phone": "1"})
            user.write({"signature": "Rita"})
            env.flush_all()
            real.commit()
            self.assertFalse(self.heard(listeners[0], 0.2))
        team.unlink()
        user.unlink()
        real.commit()


@tagged("post_install", "-at_install")
class TestRightsWatched(MlopsCase):
    def test_every_table_that_gives_rights_is_watched(self):
        self.env.cr.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'mlops_rights_changed'"
        )
        self.assertEqual({row[0] for row in self.env.cr.fetchall()}, set(WATCHED))

    def test_whoami_says_when_the_first_key_ends(self):
        who = self.of("mlops.model", "ada")
        self.assertIsNone(who.whoami()["keyExpires"])
        keys = self.env["res.users.apikeys"].with_user(self.people["ada"]).sudo()
        for moment in ("2035-01-01 10:00:00", "2034-01-01 10:00:00"):
            keys._generate("rpc", "x", moment)
        self.assertEqual(who.whoami()["keyExpires"], "2034-01-01T10:00:00.000Z")
