-- How far the log was published, one row a Kafka topic. Only book-keeping: an entry is published when every in-sync
-- replica has it, and this may be behind by what was sent last, never ahead.
SET ROLE custos_owner;

CREATE TABLE log.published (
  topic text PRIMARY KEY,
  size bigint NOT NULL CHECK (size >= 0)  -- entries below are in the topic
);
GRANT SELECT ON log.published TO custos_service;

-- Compared and set: of two that publish at once, one finds that it is not alone. It goes forward only; a topic that is
-- made anew has another name, or an owner takes its row away.
--   _from, _to  sizes before and after
--   returns     whether it stood at _from, and now stands at _to
CREATE FUNCTION log.move_published(_topic text, _from bigint, _to bigint) RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp
AS $$
BEGIN
  IF (_from < _to AND _to <= (SELECT size FROM head) AND length(_topic) BETWEEN 1 AND 249) IS NOT TRUE THEN
    RETURN false;
  END IF;
  IF _from = 0 THEN
    INSERT INTO published (topic, size) VALUES (_topic, 0) ON CONFLICT DO NOTHING;
  END IF;
  UPDATE published SET size = _to WHERE topic = _topic AND size = _from;
  RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION log.move_published(text, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.move_published(text, bigint, bigint) TO custos_service;

RESET ROLE;
