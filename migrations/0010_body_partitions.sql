-- Sealed columns in partitions by range of positions, and so by age: one whose columns are all past their retention
-- is dropped, which gives its space back at once (docs/decisions/0013). What is there becomes the first partition as
-- it lies; no row is moved.
-- No default partition: to attach another one it would have to be locked and searched. Partitions are made ahead
-- instead, by the append that comes near the end of the last one.
SET ROLE custos_owner;

ALTER TABLE log.body RENAME TO body_0;
ALTER INDEX log.body_pkey RENAME TO body_0_pkey;
REVOKE ALL ON log.body_0 FROM custos_service, custos_keyholder, custos_reader;
DROP TRIGGER append_only ON log.body_0;

CREATE TABLE log.body (
  position bigint NOT NULL,
  field text NOT NULL,
  sealed bytea STORAGE EXTERNAL NOT NULL,
  PRIMARY KEY (position, field)
) PARTITION BY RANGE (position);
GRANT SELECT, INSERT ON log.body TO custos_service;
GRANT SELECT ON log.body TO custos_keyholder, custos_reader;

-- A trigger for each row is copied to every partition, so nobody gets around it by a partition's own name. One for
-- TRUNCATE is not, and each partition is given its own.
CREATE FUNCTION log.refuse_body_change() RETURNS trigger
  LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CU003';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.body FOR EACH ROW EXECUTE FUNCTION log.refuse_body_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON log.body FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON log.body_0 FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- Made aside and attached, which stops neither readers nor writers of the others; CREATE TABLE … PARTITION OF would
-- stop both.
CREATE FUNCTION log.add_body_partition(_from bigint, _to bigint) RETURNS void
  LANGUAGE plpgsql SET search_path = log, pg_temp
AS $$
DECLARE
  _name constant text := 'body_' || _from;
BEGIN
  EXECUTE format('CREATE TABLE log.%I (LIKE log.body INCLUDING STORAGE)', _name);
  EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON log.%I FOR EACH STATEMENT
                  EXECUTE FUNCTION log.refuse_change()', _name);
  EXECUTE format('ALTER TABLE log.body ATTACH PARTITION log.%I FOR VALUES FROM (%s) TO (%s)', _name, _from, _to);
END $$;

-- Partitions and their bounds, the last one first.
CREATE VIEW log.body_partition AS
  SELECT oid::regclass AS name, bound[1]::bigint AS lower, bound[2]::bigint AS upper
  FROM pg_inherits JOIN pg_class ON oid = inhrelid,
       regexp_match(pg_get_expr(relpartbound, oid), 'FROM \(''?(\d+)''?\) TO \(''?(\d+)''?\)') bound
  WHERE inhparent = 'log.body'::regclass ORDER BY 3 DESC;

-- Some gigabytes of bodies in one partition, and some hundreds of partitions for a hundred million entries.
DO $$
DECLARE
  _width constant bigint := 262144;
  _upper constant bigint := ((SELECT size FROM log.head) / _width + 1) * _width;
BEGIN
  EXECUTE format('ALTER TABLE log.body ATTACH PARTITION log.body_0 FOR VALUES FROM (0) TO (%s)', _upper);
  PERFORM log.add_body_partition(_upper, _upper + _width);
END $$;

-- Makes the partitions that an append needs for entries up to _last, and the one after, each as wide as the one
-- before it. The service may call this and has no other way to create anything: names, bounds and number of what it
-- makes follow from the size of the log.
--   _last    position of the last entry that the transaction appends
--   returns  where the last partition ended before: up to there nobody needs to ask again, also if this transaction
--            is rolled back
--   raises   CU004 _last is not near the head
CREATE FUNCTION log.make_room_for_bodies(_last bigint) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp
AS $$
DECLARE
  _most constant bigint := 65536;  -- entries of one append, at the very most
  _before bigint;
  _upper bigint;
  _width bigint;
  _patience constant text := current_setting('lock_timeout');
BEGIN
  IF (_last - (SELECT size FROM log.head) BETWEEN -_most AND _most) IS NOT TRUE THEN
    RAISE EXCEPTION 'not a position near the head' USING ERRCODE = 'CU004';
  END IF;
  SELECT upper, upper - lower INTO STRICT _before, _width FROM log.body_partition LIMIT 1;
  _upper := _before;
  WHILE _upper <= _last LOOP
    PERFORM log.add_body_partition(_upper, _upper + _width);
    _upper := _upper + _width;
  END LOOP;
  -- The one after is for later: no append waits for it while an operator's VACUUM or CREATE INDEX holds the lock.
  IF _upper <= _last + _width THEN
    BEGIN
      PERFORM set_config('lock_timeout', '100ms', true);
      PERFORM log.add_body_partition(_upper, _upper + _width);
      PERFORM set_config('lock_timeout', _patience, true);
    EXCEPTION WHEN lock_not_available THEN
      NULL;  -- The next append past the end of the last one makes it.
    END;
  END IF;
  RETURN _before;
END $$;

REVOKE ALL ON FUNCTION log.add_body_partition(bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION log.make_room_for_bodies(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.make_room_for_bodies(bigint) TO custos_service;

RESET ROLE;
