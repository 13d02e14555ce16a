-- The bridge's PostgreSQL role: reads the outbox and marks what it did, and nothing else. Run after the install, as owner:
--   psql -d DATABASE -v role=cf_bridge -v password=... -f bridge_role.sql
-- Can be run again; the password is set each time.
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION PASSWORD :'password';
SELECT current_database() AS database, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database() \gset
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"owner";
GRANT CONNECT ON DATABASE :"database" TO :"role";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"role";
REVOKE ALL ON mlops_event FROM :"role";
GRANT SELECT ON mlops_event TO :"role";
GRANT UPDATE (position, dispatched_at, done_at) ON mlops_event TO :"role";
