-- Deletes sealed columns that the log has given up, and nothing else, whoever asks: what goes must be named by a
-- committed `columns.expired`, in the very bytes of its header. Whether that entry was right is for the keyholder to
-- say, which calls this after it has verified and folded the log by itself; the service may not.
SET ROLE custos_owner;

-- How far deletion has come, one row a field. Only book-keeping: the header is the word that counts.
CREATE TABLE log.deleted_body (
  field text PRIMARY KEY,
  entry bigint NOT NULL,   -- position of the `columns.expired`
  before bigint NOT NULL,  -- of entries with a time below, epoch milliseconds
  below bigint NOT NULL    -- deleted are the columns of entries below this position
);

-- The trigger of 0010 lets go of what was given up, and of that alone: also where an owner deletes by hand.
CREATE OR REPLACE FUNCTION log.refuse_body_change() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (
    SELECT FROM log.deleted_body d JOIN log.entry e ON e.position = OLD.position
    WHERE d.field = OLD.field AND e.at < d.before) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CU003';
END $$;

-- One bounded step; called again until it is done. Stopped anywhere, the next call goes on.
--   _entry   position of a committed `columns.expired`
--   _field, _before  what that entry says
--   raises   CU005 no such entry, or it gives up columns that are younger than the shortest retention, a day
CREATE FUNCTION log.delete_expired_bodies(_entry bigint, _field text, _before bigint, OUT deleted bigint, OUT done boolean)
  LANGUAGE plpgsql VOLATILE
  -- Planned on a small table and kept, a plan would scan one that has grown by millions.
  SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  _step constant bigint := 1000;  -- positions
  -- Deterministic CBOR of the entry's data: field, before, policy, in this order. A time after 1970 takes 8 bytes.
  _named constant bytea := '\xa3656669656c64'::bytea || set_byte('\x00', 0, 96 + octet_length(_field))
    || convert_to(_field, 'UTF8') || '\x666265666f72651b'::bytea || int8send(_before) || '\x66706f6c696379'::bytea;
  _size constant bigint := (SELECT size FROM log.head);
  _from bigint;
  _to bigint;
BEGIN
  IF (SELECT e.type = 'columns.expired' AND position(_named IN e.header) > 0 AND _before <= e.at - 86400000
      FROM log.entry e WHERE e.position = _entry AND e.position < _size) IS NOT TRUE THEN
    RAISE EXCEPTION 'no entry gives this up' USING ERRCODE = 'CU005';
  END IF;
  INSERT INTO log.deleted_body AS d (field, entry, before, below) VALUES (_field, _entry, _before, 0)
    ON CONFLICT (field) DO UPDATE SET entry = excluded.entry, before = excluded.before WHERE d.before < excluded.before;
  -- Of two callers one waits here, and finds the step done.
  SELECT below INTO STRICT _from FROM log.deleted_body WHERE field = _field FOR UPDATE;
  SELECT min(e.position) INTO _to FROM log.entry e
    WHERE e.position >= _from AND e.position < _from + _step AND e.at >= _before;
  done := _to IS NOT NULL OR _from + _step >= _size;
  _to := least(coalesce(_to, _from + _step), _size);
  DELETE FROM log.body WHERE position >= _from AND position < _to AND field = _field;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  UPDATE log.deleted_body SET below = _to WHERE field = _field AND below < _to;
END $$;

-- Drops partitions below the head that hold nothing any more: no later entry goes there. It must lock the table
-- for a moment, and rather leaves them for the next time than make appends wait behind a long reader.
--   returns  how many it dropped
CREATE FUNCTION log.drop_empty_body_partitions() RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
  _part regclass;
  _held boolean;
  _dropped integer := 0;
BEGIN
  FOR _part IN SELECT name FROM log.body_partition WHERE upper <= (SELECT size FROM log.head) LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', _part) INTO _held;
    CONTINUE WHEN _held;
    LOCK TABLE log.body IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', _part) INTO _held;
    CONTINUE WHEN _held;
    EXECUTE format('DROP TABLE %s', _part);
    _dropped := _dropped + 1;
  END LOOP;
  RETURN _dropped;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;

REVOKE ALL ON FUNCTION log.delete_expired_bodies(bigint, text, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION log.drop_empty_body_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.delete_expired_bodies(bigint, text, bigint) TO custos_keyholder;
GRANT EXECUTE ON FUNCTION log.drop_empty_body_partitions() TO custos_keyholder;

RESET ROLE;
