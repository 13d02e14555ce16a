import json
import select
import time

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.exceptions import AccessError
from odoo.sql_db import connection_info_for, db_connect
from odoo.tests import tagged

from ..common import MlopsCase


@tagged("post_install", "-at_install")
class TestOutbox(MlopsCase):
    def commands(self, **about):
        domain = [("command", "!=", False)] + [(name, "=", value) for name, value in about.items()]
        return [
            (one.command, one.command_key, one.generation)
            for one in self.env["mlops.event"].search(domain, order="id")
        ]

    def test_the_commands_of_the_road(self):
        version = self.at("Live")
        staging, production = version.deployment_ids.sorted("id")
        self.assertEqual(
            self.commands(version_id=version.id),
            [
                ("scan", f"version:{version.id}", 1),
                ("build", f"version:{version.id}", 2),
                ("inventory", f"version:{version.id}", 2),
                ("reconcile", f"deployment:{staging.id}", 1),
                ("reconcile", f"deployment:{production.id}", 1),
            ],
        )
        self.versions("mia")
        second = self.supersede(version)
        self.assertIn(
            ("reconcile", f"deployment:{production.id}", 2), self.commands(version_id=version.id)
        )
        self.assertEqual(second.status, "Live")

    def test_an_order_for_which_somebody_waits_brings_the_work_along(self):
        def order(deployment):
            return (
                self.env["mlops.event"]
                .search(
                    [
                        ("command", "=", "reconcile"),
                        ("command_key", "=", f"deployment:{deployment.id}"),
                    ],
                    limit=1,
                )
                .payload
            )

        first = self.at("Live")
        second = self.supersede(first)
        self.assertNotIn(
            "work", order(self.newest_deployment(second)), "a promotion has time to ask"
        )
        answer = self.versions("ben").rollback(second.id, "production")
        back = self.env["mlops.deployment"].browse(answer["deploymentId"])
        payload = order(back)
        self.assertEqual(
            payload["work"],
            json.loads(json.dumps(self.of("mlops.deployment", "bridge").work(back.id))),
        )
        self.assertAlmostEqual(payload["workAt"], time.time(), delta=60)
        self.of("mlops.deployment", "ben").abort(back.id, reason="changed my mind")
        payload = order(back)
        self.assertEqual(
            (payload["work"]["desired"], payload["work"]["phase"], payload["work"]["generation"]),
            ("removed", "Failed", back.generation),
        )

    def test_what_a_screen_needs_is_in_the_payload(self):
        version = self.at("Validated")
        event = self.env["mlops.event"].search(
            [("version_id", "=", version.id), ("topic", "=", "version.status")], limit=1
        )
        self.assertEqual(
            (event.payload["status"], event.payload["from"], event.payload["by"]),
            ("Validated", "Validating", "Bridge"),
        )
        self.assertEqual(event.payload["lockVersion"], version.lock_version)
        self.assertEqual([stop["key"] for stop in event.payload["road"]][2], "approved")
        self.assertEqual(
            (event.actor_id, event.company_id, event.model_id),
            (self.people["bridge"], self.company, version.model_id),
        )

    def test_a_change_that_fails_leaves_no_event(self):
        version = self.at("Staging")
        events = self.env["mlops.event"].search_count([])
        with self.assertRaises(ValueError), self.env.cr.savepoint():
            self.versions("ben").approve_promotion(version.id, "production", "blue-green")
            raise ValueError("later in the same transaction")
        self.assertEqual(self.env["mlops.event"].search_count([]), events)
        self.assertEqual(version.status, "Staging")

    def test_notified_at_commit_and_not_before(self):
        """On real connections: nothing is heard before the commit, and nothing at all after a
        rollback.
        """
        database = self.env.cr.dbname
        listener = psycopg2.connect(**connection_info_for(database)[1])
        self.addCleanup(listener.close)
        listener.autocommit = True
        with listener.cursor() as cursor:
            cursor.execute("LISTEN mlops_event")
        real = db_connect(database).cursor()
        self.addCleanup(real.close)
        events = Environment(real, SUPERUSER_ID, {})["mlops.event"]
        events._emit("test.rolled-back")
        real.rollback()
        event_id = events._emit("test.committed")
        self.assertFalse(self.heard(listener, 0.2), "not yet committed")
        real.commit()
        self.assertEqual(self.heard(listener, 60), [str(event_id)])

    def heard(self, listener, seconds):
        """Payloads that arrive within this time; at once when there is one."""
        select.select([listener], [], [], seconds)
        listener.poll()
        return [one.payload for one in listener.notifies]

    def test_nobody_writes_the_journal_through_the_orm(self):
        self.register()
        events = self.env["mlops.event"].sudo()
        event = events.search([], limit=1)
        for attempt in (
            lambda: events.create({"topic": "spoof"}),
            lambda: event.write({"topic": "spoof"}),
            lambda: event.write({"done_at": False}),
            event.unlink,
            event.copy,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_the_page_follows_the_stream(self):
        version = self.at("Validated")
        page = self.of("mlops.event", "vera").list_page(version_id=version.id)
        self.assertEqual(page, {"items": [], "position": 0}, "nothing has its place yet")
        self.env.cr.execute(
            "UPDATE mlops_event SET position = 1000000 - id WHERE version_id = %s", [version.id]
        )
        self.env.invalidate_all()
        page = self.of("mlops.event", "vera").list_page(version_id=version.id)
        positions = [one["position"] for one in page["items"]]
        self.assertEqual(positions, sorted(positions))
        self.assertEqual(page["position"], positions[-1])
        self.assertNotIn("command", {one["topic"] for one in page["items"]})
        rest = self.of("mlops.event", "vera").list_page(
            after=positions[0], limit=1, version_id=version.id
        )
        self.assertEqual([one["position"] for one in rest["items"]], positions[1:2])

    def test_a_webhook_is_told(self):
        self.assertFalse(
            [one for one in self.commands(company_id=self.company.id) if one[0] == "webhook"]
        )
        webhook = self.of("mlops.webhook", "mia").create(
            {"name": "n8n", "url": "https://n8n.test/hook"}
        )
        version = self.at("Live")
        orders = [one for one in self.commands(company_id=self.company.id) if one[0] == "webhook"]
        self.assertEqual(len(orders), 2, "staging and production")
        event_id = int(orders[-1][1].split(":")[1])
        (delivery,) = self.of("mlops.webhook", "bridge").deliveries(event_id)
        self.assertEqual(
            (delivery["webhookId"], delivery["url"], len(delivery["secret"]) > 30),
            (webhook.id, "https://n8n.test/hook", True),
        )
        body = json.loads(delivery["body"])
        self.assertEqual(
            (body["topic"], body["endpoint"]["version"], body["endpoint"]["isAvailable"]),
            ("endpoint.changed", version.name, True),
        )
        self.assertEqual(
            self.of("mlops.webhook", "bridge").deliveries(event_id),
            [delivery],
            "the same text again",
        )
        self.of("mlops.webhook", "bridge").report_delivery(webhook.id, event_id, 500, "no answer")
        self.assertEqual(webhook.last_status, "500 no answer")

    def test_old_events_go_when_they_are_done(self):
        insert = """INSERT INTO mlops_event (topic, command, command_key, position, done_at, create_date)
                    VALUES ('old', %s, %s, %s, %s, now() AT TIME ZONE 'UTC' - interval '9 days') RETURNING id"""
        kept, gone = [], []
        for where, values in (
            (gone, (None, None, 10**9, None)),
            (gone, ("scan", "x", 10**9 + 1, "2020-01-01")),
            (kept, ("scan", "x", 10**9 + 2, None)),
            (kept, (None, None, None, None)),
        ):
            self.env.cr.execute(insert, values)
            where.append(self.env.cr.fetchone()[0])
        version = self.register()
        self.env.cr.execute(
            "UPDATE mlops_event SET position = id, done_at = now() WHERE version_id = %s",
            [version.id],
        )
        self.env["ir.config_parameter"].sudo().set_param("creativeflow_mlops.event_days", "-1")
        self.env["mlops.event"]._remove_old_events()
        events = self.env["mlops.event"]
        self.assertFalse(events.browse(gone).exists())
        self.assertEqual(
            events.browse(kept).exists().ids, kept, "the relay has not seen it, or it is not done"
        )
        self.assertTrue(
            events.search_count([("version_id", "=", version.id)]),
            "younger than a week, whatever the parameter says",
        )
