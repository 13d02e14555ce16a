"""Triggers that tell the bridges at once whose rights may have changed: the channel `mlops_rights`,
the person's id as its payload.

The tables themselves tell it, so that it does not matter which way led there, and PostgreSQL hands
it over at the commit. Without a payload it is about everybody. The bridge then asks again who
somebody is, and looks at its open sockets.
"""

CHANNEL = "mlops_rights"
# table → (column of the person, None: everybody; the columns whose change counts, None: all)
WATCHED = {
    "res_users": ("id", ("active", "password", "login", "company_id", "share")),
    "res_users_apikeys": ("user_id", None),
    "res_groups_users_rel": ("uid", None),
    "res_company_users_rel": ("user_id", None),
    "mlops_team_res_users_rel": ("res_users_id", None),
    "res_groups_implied_rel": (None, None),
}


def tell_rights(cr):
    # pylint: disable-next=sql-injection  # names of our own tables and functions
    cr.execute(f"""
        CREATE OR REPLACE FUNCTION mlops_rights_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE about text := TG_ARGV[0]; was jsonb; is_now jsonb; name text; changed boolean := TG_ARGV[1] = '';
        BEGIN
            IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD); END IF;
            IF TG_OP <> 'DELETE' THEN is_now := to_jsonb(NEW); END IF;
            FOREACH name IN ARRAY string_to_array(TG_ARGV[1], ',') LOOP
                changed := changed OR was -> name IS DISTINCT FROM is_now -> name;
            END LOOP;
            IF NOT changed THEN RETURN NULL; END IF;
            IF about = '' THEN
                PERFORM pg_notify('{CHANNEL}', '');
                RETURN NULL;
            END IF;
            IF was ->> about IS NOT NULL THEN PERFORM pg_notify('{CHANNEL}', was ->> about); END IF;
            IF is_now ->> about IS NOT NULL THEN PERFORM pg_notify('{CHANNEL}', is_now ->> about); END IF;
            RETURN NULL;
        END $$
    """)
    for table, (person, columns) in WATCHED.items():
        # no UPDATE OF: a column named there could not be altered by an upgrade of Odoo
        # pylint: disable-next=sql-injection  # names of our own tables and functions
        cr.execute(f"""
            CREATE OR REPLACE TRIGGER mlops_rights_changed AFTER INSERT OR DELETE OR UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION mlops_rights_changed('{person or ""}', '{",".join(columns or ())}')
        """)


def drop_rights_feed(cr):
    cr.execute("DROP FUNCTION IF EXISTS mlops_rights_changed() CASCADE")
