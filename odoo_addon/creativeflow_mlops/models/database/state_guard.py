"""Triggers of PostgreSQL, made from the tables of transitions.py: a state changes along its table
and with its journal row.

What the methods promise holds for raw SQL as well. A first trigger refuses at once what is no row
of the table; a second one looks at the end of the transaction, since the journal row is written
after the change: at its commit, or when somebody says SET CONSTRAINTS. A superuser, or the owner of
the tables, can drop both; that is outside of this promise.
"""

from ...domain.transitions import STATES

# which rows of the journal tell of a change of this row from `before` to `after`
JOURNALS = {
    "version": """e.version_id = NEW.id AND e.topic IN ('version.status', 'version.registered')
                  AND e.payload ->> 'status' = after AND e.payload ->> 'from' IS NOT DISTINCT FROM before""",
    "deployment": "(e.deployment_id = NEW.id OR e.version_id = NEW.version_id AND e.topic <> 'fact.stale')",
    "waiver": """e.version_id = NEW.version_id AND e.topic = 'version.waiver' AND e.payload ->> 'state' = after""",
    "request": """e.topic = 'request.state' AND (e.payload ->> 'requestId')::bigint = NEW.id
                  AND e.payload ->> 'state' = after""",
    "policy": """e.topic = 'policy.change' AND (e.payload ->> 'changeId')::bigint = NEW.id
                 AND e.payload ->> 'state' = after""",
}


def guard_states(cr, table):
    """Make the triggers of this table anew; they say what the table of transitions says now."""
    for state in (one for one in STATES if one.table == table):
        name = f"{table}_{state.column}"
        cr.execute(_path_function(name, state))
        cr.execute(_journal_function(name, state))
        for kind, made in (
            ("path", f"TRIGGER {name}_path BEFORE INSERT OR UPDATE OF {state.column} ON {table}"),
            (
                "journal",
                f"CONSTRAINT TRIGGER {name}_journal AFTER INSERT OR UPDATE OF {state.column} ON "
                f"{table}"
                " DEFERRABLE INITIALLY DEFERRED",
            ),
        ):
            cr.execute(
                "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
                [table, f"{name}_{kind}"],
            )
            if not cr.fetchone():  # a change of the table of transitions changes the function alone
                # pylint: disable-next=sql-injection  # names of our own tables and functions
                cr.execute(f"CREATE {made} FOR EACH ROW EXECUTE FUNCTION {name}_{kind}()")


def _path_function(name, state):
    pairs = (
        ", ".join(f"('{before}', '{after}')" for before, after in sorted(state.pairs))
        or "(NULL, NULL)"
    )
    return f"""
        CREATE OR REPLACE FUNCTION {name}_path() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.{state.column} IS DISTINCT FROM '{state.initial}' THEN
                    RAISE EXCEPTION '{state.table}.{state.column} begins as {state.initial}, not as %', NEW.{state.column}
                        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_path';
                END IF;
            ELSIF NEW.{state.column} IS DISTINCT FROM OLD.{state.column}
                  AND (NEW.{state.column} IS NULL
                       OR (OLD.{state.column}, NEW.{state.column}) NOT IN ({pairs})) THEN
                RAISE EXCEPTION '{state.table}.{state.column} does not go from % to %', OLD.{state.column}, NEW.{state.column}
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_path';
            END IF;
            RETURN NEW;
        END $$"""


def _journal_function(name, state):
    return f"""
        CREATE OR REPLACE FUNCTION {name}_journal() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE before text; after text := NEW.{state.column};
        BEGIN
            IF TG_OP = 'UPDATE' THEN before := OLD.{state.column}; END IF;
            IF after IS NOT DISTINCT FROM before THEN RETURN NULL; END IF;
            IF NOT EXISTS (SELECT FROM mlops_event e WHERE e.txid = txid_current() AND {JOURNALS[state.journal]}) THEN
                RAISE EXCEPTION '{state.table}.{state.column} of % went from % to % without its row in the journal',
                    NEW.id, before, after USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_journal';
            END IF;
            RETURN NULL;
        END $$"""


def drop_guards(cr):
    """What the uninstallation of the addon leaves behind otherwise: triggers go with their tables,
    functions do not.
    """
    for state in STATES:
        for kind in ("path", "journal"):
            # pylint: disable-next=sql-injection  # names of our own tables and functions
            cr.execute(f"DROP FUNCTION IF EXISTS {state.table}_{state.column}_{kind}() CASCADE")
