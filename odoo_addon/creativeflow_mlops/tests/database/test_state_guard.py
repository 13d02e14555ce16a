from contextlib import suppress

import psycopg2
import psycopg2.errors

from odoo.sql_db import connection_info_for
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...domain.transitions import STATES, STATUS_NAMES
from ..common import MlopsCase

# What the status of a version goes with, whatever the journal says.
NEVER_SO = ("mlops_model_version_image_known", "mlops_model_version_available_means_live")
MORE = {"mlops_waiver": ", accepted_by_id = 1"}
FINDING = [
    {
        "rule": "R",
        "severity": "low",
        "verdict": "review",
        "file": "model.safetensors",
        "why": "look at it",
    }
]


@tagged("post_install", "-at_install")
class TestStateGuard(MlopsCase):
    """Raw SQL, as the owner of the tables: a state changes along its table and with its journal
    row, or not at all.
    """

    changed_by_hand = True

    def execute(self, query, *parameters):
        self.env.cr.execute(query, parameters)

    def row_of(self, state):
        """The id of a row that has just begun."""
        if state.table == "mlops_deployment":
            return self.newest_deployment(self.at("PendingStagingDeployment")).id
        if state.table == "mlops_policy_change":
            production = self.env["mlops.environment"]._of(self.company, "production")
            return (
                self.of("mlops.policy.change", "mia")
                ._ask(production, [{"field": "x", "before": 1, "after": 2}], "why")
                .id
            )
        version = self.register()
        if state.table == "mlops_waiver":
            self.validate(version, "review", FINDING)
            self.versions("ada").request_waiver(version.id, "known")
            return version.waiver_ids.id
        if state.table == "mlops_request":
            self.validate(version)
            return (
                self.of("mlops.request", "n8n")
                .create({"action": "deploy", "version_id": version.id})
                .id
            )
        return version.id

    def values_of(self, state):
        return {one for pair in state.pairs for one in pair} | {state.initial}

    def way_to(self, state, wanted):
        """The states from the initial one to `wanted`, along the pairs."""
        ways = [[state.initial]]
        for way in ways:
            if way[-1] == wanted:
                return way[1:]
            ways += [
                [*way, after]
                for before, after in sorted(state.pairs)
                if before == way[-1] and after not in way
            ]
        raise AssertionError(f"{state.table}.{state.column} never is {wanted}")

    def constraint_of(self, query, *parameters, settle=False):
        """The name of what refuses this; None when it goes through."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.execute(query, *parameters)
                if settle:
                    self.settle()
        except psycopg2.errors.CheckViolation as error:
            return error.diag.constraint_name
        return None

    def test_every_pair_that_is_no_row_of_the_table(self):
        for state in STATES:
            if state.column == "is_live":
                continue  # both ways are in the table
            name = f"{state.table}_{state.column}"
            query = f"UPDATE {state.table} SET {state.column} = %s {MORE.get(state.table, '')} WHERE id = %s"
            for before in sorted(self.values_of(state)):
                if state.table == "mlops_model_version":
                    row = self.at(before).id
                else:
                    row = self.row_of(state)
                    for step in self.way_to(state, before):
                        self.execute(query, step, row)
                for after in sorted(self.values_of(state) | {"Nonsense", ""}):
                    if after != before and (before, after) not in state.pairs:
                        with self.subTest(
                            table=state.table, column=state.column, before=before, after=after
                        ):
                            self.assertEqual(self.constraint_of(query, after, row), f"{name}_path")
                self.env.invalidate_all()

    def test_every_row_of_the_table_asks_for_its_journal_row(self):
        """Those whose journal row says what changed; one of a deployment's is enough for it, and
        there is one in this transaction.
        """
        for state in (one for one in STATES if one.journal in ("waiver", "request", "policy")):
            query = f"UPDATE {state.table} SET {state.column} = %s {MORE.get(state.table, '')} WHERE id = %s"
            for before, after in sorted(state.pairs):
                row = self.row_of(state)
                self.settle()
                with self.subTest(table=state.table, before=before, after=after):
                    steps = [*self.way_to(state, before), after]
                    told = self.constraint_of(
                        f"UPDATE {state.table} SET {state.column} = %s {MORE.get(state.table, '')} "
                        "WHERE id = %s",
                        steps[0],
                        row,
                        settle=True,
                    )
                    self.assertEqual(told, f"{state.table}_{state.column}_journal", query)

    def test_every_status_asks_for_its_journal_row(self):
        for before in STATUS_NAMES:
            version = self.at(before)
            self.settle()
            for after in sorted(after for source, after in STATES[0].pairs if source == before):
                with self.subTest(before=before, after=after):
                    told = self.constraint_of(
                        "UPDATE mlops_model_version SET status = %s WHERE id = %s",
                        after,
                        version.id,
                        settle=True,
                    )
                    self.assertIn(told, ("mlops_model_version_status_journal", *NEVER_SO))

    def test_a_row_begins_at_its_beginning(self):
        """On a connection of its own, with nothing of Odoo's in between."""
        connection = psycopg2.connect(**connection_info_for(self.env.cr.dbname)[1])
        self.addCleanup(connection.close)
        for state in STATES:
            for value in sorted(self.values_of(state) - {state.initial}):
                with (
                    self.subTest(table=state.table, column=state.column, value=value),
                    connection.cursor() as cursor,
                ):
                    with self.assertRaises(psycopg2.errors.CheckViolation) as raised:
                        cursor.execute(
                            f"INSERT INTO {state.table} ({state.column}) VALUES (%s)", [value]
                        )
                    self.assertIn(f"{state.table}_", raised.exception.diag.constraint_name)
                    self.assertTrue(raised.exception.diag.constraint_name.endswith("_path"))
                    connection.rollback()

    def test_the_journal_says_which_transaction_wrote_it_and_is_not_emptied(self):
        connection = psycopg2.connect(**connection_info_for(self.env.cr.dbname)[1])
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO mlops_event (topic, txid) VALUES ('forged', 1) RETURNING txid = "
                "txid_current()"
            )
            self.assertTrue(cursor.fetchone()[0], "whatever its writer says")
            connection.rollback()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation):
            self.execute("TRUNCATE mlops_event CASCADE")

    def test_a_change_without_its_journal_row_is_refused_at_the_commit(self):
        """On a connection of its own, which commits: a row that begins is a change as well."""
        connection = psycopg2.connect(**connection_info_for(self.env.cr.dbname)[1])
        self.addCleanup(connection.close)
        with connection.cursor() as cursor:
            cursor.execute("""INSERT INTO mlops_model (name, slug, company_id)
                              SELECT 'raw', 'raw-sql', min(id) FROM res_company RETURNING id""")
            cursor.execute(
                """INSERT INTO mlops_model_version (model_id, name, status, status_changed_at, generation, lock_version, submitter_id,
                                                    build_state) VALUES (%s, '1', 'Validating', now(), 1, 1, 1, 'none')""",
                [cursor.fetchone()[0]],
            )
        with self.assertRaises(psycopg2.errors.CheckViolation) as raised:
            connection.commit()
        self.assertEqual(
            raised.exception.diag.constraint_name, "mlops_model_version_status_journal"
        )

    def test_the_journal_is_append_only(self):
        version = self.at("Staging")
        self.execute(
            "SELECT max(id) FROM mlops_event WHERE version_id = %s AND topic = 'version.status'",
            version.id,
        )
        event = self.env.cr.fetchone()[0]
        self.execute("SELECT set_config('creativeflow.retention', 'on', true)")
        stored = {
            name
            for name, field in self.env["mlops.event"]._fields.items()
            if field.store and field.column_type
        }
        queries = [
            f"UPDATE mlops_event SET {name} = NULL WHERE id = %s AND {name} IS NOT NULL"
            for name in sorted(
                stored
                - {
                    "position",
                    "dispatched_at",
                    "done_at",
                }
            )
        ]
        for query in (
            *queries,
            "DELETE FROM mlops_event WHERE id = %s",
            "UPDATE mlops_event SET txid = 7 WHERE id = %s",
        ):
            with self.subTest(query), mute_logger("odoo.sql_db"):
                self.execute("SELECT to_jsonb(e) FROM mlops_event e WHERE id = %s", event)
                whole = self.env.cr.fetchone()
                violations = (psycopg2.errors.CheckViolation, psycopg2.errors.NotNullViolation)
                with suppress(*violations), self.env.cr.savepoint():
                    self.execute(query, event)
                self.execute("SELECT to_jsonb(e) FROM mlops_event e WHERE id = %s", event)
                self.assertEqual(self.env.cr.fetchone(), whole)
        self.execute("SELECT set_config('creativeflow.retention', 'off', true)")

    def test_the_triggers_can_be_made_again(self):
        for model in self.env.registry.values():
            if model._table in {one.table for one in STATES} | {"mlops_event"}:
                self.env[model._name].init()
        self.assertEqual(
            self.constraint_of(
                "UPDATE mlops_model_version SET status = 'Live' WHERE id = %s",
                self.register().id,
            ),
            "mlops_model_version_status_path",
        )
