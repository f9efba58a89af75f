-- Who may do what is decided by these roles, not by the service's good manners. Passwords are set by
-- whoever runs the database (`custos init` prints how); roles are shared by all databases of a server.
--   custos_owner      owns the tables, never logs in
--   custos_service    appends and reads the log
--   custos_keyholder  reads the log, keeps the subjects' wrapped keys
--   custos_reader     reads the log: auditors, `custos verify`
DO $$
DECLARE
  _role text;
BEGIN
  PERFORM pg_advisory_xact_lock(7100);  -- roles are global: two databases may be migrated at once
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custos_owner') THEN
    CREATE ROLE custos_owner NOLOGIN;
  END IF;
  FOREACH _role IN ARRAY ARRAY['custos_service', 'custos_keyholder', 'custos_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = _role) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', _role);
    END IF;
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA log AUTHORIZATION custos_owner;
CREATE SCHEMA keys AUTHORIZATION custos_owner;
GRANT USAGE ON SCHEMA log TO custos_service, custos_keyholder, custos_reader;
GRANT USAGE ON SCHEMA keys TO custos_keyholder;
