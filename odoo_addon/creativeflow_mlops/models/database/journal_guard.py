"""Triggers of the journal: append-only for raw SQL as well. What the relay marks, and what the
retention removes, is let through.
"""

# Whoever says what, nothing younger than this is removed.
LEAST_DAYS = 7

JOURNAL_SQL = """
    CREATE OR REPLACE FUNCTION mlops_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE relay text[] := ARRAY['position', 'dispatched_at', 'done_at'];
            cut jsonb := jsonb_build_object(
                'model_id', 'mlops_model', 'version_id', 'mlops_model_version', 'deployment_id', 'mlops_deployment',
                'endpoint_id', 'mlops_endpoint', 'actor_id', 'res_users', 'company_id', 'res_company',
                'create_uid', 'res_users', 'write_uid', 'res_users');
            was jsonb; now_is jsonb; name text; there boolean;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            NEW.txid := txid_current();
            RETURN NEW;
        END IF;
        IF TG_OP = 'TRUNCATE' THEN
            RAISE EXCEPTION 'mlops_event is append-only' USING ERRCODE = 'check_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN
            IF current_setting('creativeflow.retention', true) = 'on' AND OLD.position IS NOT NULL
               AND (OLD.command IS NULL OR OLD.done_at IS NOT NULL)
               AND OLD.create_date < now() AT TIME ZONE 'UTC' - make_interval(days => %(least)s) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'mlops_event is append-only' USING ERRCODE = 'check_violation';
        END IF;
        was := to_jsonb(OLD) - relay; now_is := to_jsonb(NEW) - relay;
        FOR name IN SELECT jsonb_object_keys(cut) LOOP  -- the thing it was about is gone: ON DELETE SET NULL
            IF now_is -> name = 'null'::jsonb AND was -> name <> 'null'::jsonb THEN
                EXECUTE format('SELECT EXISTS (SELECT FROM %%I WHERE id = $1)', cut ->> name)
                    INTO there USING (was ->> name)::bigint;
                IF NOT there THEN was := was - name; now_is := now_is - name; END IF;
            END IF;
        END LOOP;
        IF was IS DISTINCT FROM now_is THEN
            RAISE EXCEPTION 'mlops_event is append-only' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    DROP TRIGGER IF EXISTS mlops_event_append_only ON mlops_event;
    CREATE TRIGGER mlops_event_append_only BEFORE INSERT OR UPDATE OR DELETE ON mlops_event
        FOR EACH ROW EXECUTE FUNCTION mlops_event_append_only();
    DROP TRIGGER IF EXISTS mlops_event_no_truncate ON mlops_event;
    CREATE TRIGGER mlops_event_no_truncate BEFORE TRUNCATE ON mlops_event
        FOR EACH STATEMENT EXECUTE FUNCTION mlops_event_append_only();
"""


def guard_journal(cr):
    cr.execute(JOURNAL_SQL, {"least": LEAST_DAYS})


def drop_journal_guard(cr):
    cr.execute("DROP FUNCTION IF EXISTS mlops_event_append_only() CASCADE")
