-- Takes the head for this transaction; every other appender waits for its end. The clock is read after the
-- lock is held, so times never go back. A function, because the service may not UPDATE the head itself.
SET ROLE custos_owner;

CREATE FUNCTION log.lock_head(OUT size bigint, OUT at bigint, OUT frontier bytea, OUT checkpoint text)
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp
AS $$
BEGIN
  SELECT h.size, h.at, h.frontier, h.checkpoint INTO STRICT size, at, frontier, checkpoint FROM log.head h FOR UPDATE;
  at := greatest(at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
END $$;

REVOKE ALL ON FUNCTION log.lock_head() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.lock_head() TO custos_service;

RESET ROLE;
