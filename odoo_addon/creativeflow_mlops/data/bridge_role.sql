-- The bridge's PostgreSQL role: reads the outbox and marks what it did, and nothing else. Run after the install, as a superuser:
--   psql -d DATABASE -v role=cf_bridge -v password=... -f bridge_role.sql
-- Can be run again, and is to be run again after a restore; the password is set each time (its SCRAM verifier will do, and is not
-- told in a log). Of other databases of the server this says nothing: let pg_hba.conf name the database that the role may enter.
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SELECT current_database() AS database, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database() \gset
-- a member of another role could become it
SELECT format('REVOKE %I FROM %I', pg_get_userbyid(roleid), :'role') FROM pg_auth_members WHERE pg_get_userbyid(member) = :'role' \gexec

-- What PostgreSQL lets everybody do, and the owner goes on doing: connect, make tables, temporary ones, large objects, blocks of code.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC, :"role";
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"owner";
GRANT CONNECT ON DATABASE :"database" TO :"role";
REVOKE ALL ON SCHEMA public FROM PUBLIC, :"role";
GRANT ALL ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"role";
SELECT format('REVOKE ALL ON FUNCTION %1$s FROM PUBLIC, %2$I; GRANT EXECUTE ON FUNCTION %1$s TO %3$I', oid::regprocedure, :'role', :'owner')
  FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_|loread$|lowrite$)' AND proname !~ '^lo_(import|export)$' \gexec
SELECT format('REVOKE ALL ON LANGUAGE %1$I FROM PUBLIC, %2$I; GRANT USAGE ON LANGUAGE %1$I TO %3$I', lanname, :'role', :'owner')
  FROM pg_language WHERE lanpltrusted \gexec

-- What the role was ever given, then what it needs.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM :"role";
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM :"role";
GRANT SELECT ON mlops_event TO :"role";
GRANT UPDATE (position, dispatched_at, done_at) ON mlops_event TO :"role";
