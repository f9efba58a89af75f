-- Moves the head over entries that this transaction has inserted. It refuses what would leave a gap.
--   _from, _to   sizes before and after
--   raises       CU001 the head is not at _from, CU002 the entries _from to _to - 1 are not all there
SET ROLE custos_owner;

CREATE FUNCTION log.advance_head(_from bigint, _to bigint, _at bigint, _frontier bytea, _checkpoint text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp
AS $$
BEGIN
  IF (SELECT count(*) FROM log.entry WHERE position >= _from) IS DISTINCT FROM _to - _from OR _to <= _from THEN
    RAISE EXCEPTION 'entries are missing' USING ERRCODE = 'CU002';
  END IF;
  UPDATE log.head SET size = _to, at = _at, frontier = _frontier, checkpoint = _checkpoint WHERE size = _from;
  IF NOT FOUND THEN RAISE EXCEPTION 'the head has moved' USING ERRCODE = 'CU001'; END IF;
  INSERT INTO log.checkpoint (size, note) VALUES (_to, _checkpoint);
  PERFORM pg_notify('custos_log', _to::text);
END $$;

REVOKE ALL ON FUNCTION log.advance_head(bigint, bigint, bigint, bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.advance_head(bigint, bigint, bigint, bytea, text) TO custos_service;
REVOKE INSERT ON log.checkpoint FROM custos_service;  -- only together with the head

RESET ROLE;
