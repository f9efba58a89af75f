-- What is acknowledged is durable, whatever the session says: `synchronous_commit` is anybody's to set, also by ALTER
-- ROLE after the service has looked. Every append moves the head, so it is set here, for the rest of the transaction.
-- Only `off` is overruled: every other value waits for the local disk, and which standby to wait for is the operator's.
-- Whoever sets it once more between this and COMMIT means to lose entries; nothing here stops a service of that kind.
--   raises   CU003 the log is append-only
SET ROLE custos_owner;

CREATE OR REPLACE FUNCTION log.guard_head() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_user IS DISTINCT FROM 'custos_owner' OR NEW.size <= OLD.size OR NEW.at < OLD.at THEN
    RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CU003';
  END IF;
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  RETURN NEW;
END $$;

RESET ROLE;
