-- One append, whole: entries, answers to commands, full tiles, head and checkpoint, in one call. One call instead of
-- eight, because each costs its way to the server and back while every other appender waits for the head.
-- The service can no longer insert any of these by itself: what is in the log went through here.
-- Arrays have an element for each entry (command, tile), in order; bytes of several are laid end to end.
--   _from, _to                sizes before and after
--   _at                       time of the entries, epoch milliseconds, as `lock_head` gave it
--   _header_starts            of each header in _headers, from 1, and
--   _header_bytes             its length
--   _firsts, _counts          positions of each command's entries
--   _tile_levels, …           tiles that this append fills, the lowest level first; their hashes are read from the rows
--   raises  CU001 the head is not at _from, CU002 the entries are not _from to _to - 1
SET ROLE custos_owner;

CREATE FUNCTION log.append_group(
  _from bigint, _to bigint, _at bigint, _frontier bytea, _checkpoint text,
  _leaves bytea, _headers bytea, _header_starts integer[], _header_bytes integer[],
  _streams text[], _versions integer[], _types text[], _subjects text[], _governs boolean[],
  _actors text[], _commands text[], _digests bytea, _firsts bigint[], _counts integer[], _answers text[],
  _tile_levels smallint[], _tile_indexes bigint[], _tile_roots bytea
) RETURNS void
  LANGUAGE plpgsql VOLATILE
  -- Planned on an empty table and kept, a plan would scan a table that has grown by millions.
  SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off
AS $$
BEGIN
  IF _to <= _from OR cardinality(_streams) IS DISTINCT FROM _to - _from
     OR length(_leaves) IS DISTINCT FROM 32 * (_to - _from) THEN
    RAISE EXCEPTION 'entries are missing' USING ERRCODE = 'CU002';
  END IF;
  -- A head that has moved is found before anything is written.
  UPDATE head SET size = _to, at = _at, frontier = _frontier, checkpoint = _checkpoint WHERE size = _from AND at <= _at;
  IF NOT FOUND THEN RAISE EXCEPTION 'the head has moved' USING ERRCODE = 'CU001'; END IF;

  INSERT INTO entry (position, stream, version, type, at, subject, governs, leaf, header)
    SELECT _from + row - 1, stream, version, type, _at, subject, governs,
           substring(_leaves FROM (row::integer - 1) * 32 + 1 FOR 32), substring(_headers FROM start FOR bytes)
    FROM unnest(_streams, _versions, _types, _subjects, _governs, _header_starts, _header_bytes)
         WITH ORDINALITY AS e(stream, version, type, subject, governs, start, bytes, row);

  INSERT INTO command (actor, command, digest, first, count, answer)
    SELECT actor, command, substring(_digests FROM (row::integer - 1) * 32 + 1 FOR 32), first, count, answer::jsonb
    FROM unnest(_actors, _commands, _firsts, _counts, _answers)
         WITH ORDINALITY AS c(actor, command, first, count, answer, row);

  -- One statement a tile: a tile of a higher level is made of rows that the one before inserted.
  FOR i IN 1 .. cardinality(_tile_levels) LOOP
    INSERT INTO tile (level, index, hashes, root)
      SELECT _tile_levels[i], _tile_indexes[i], hashes, substring(_tile_roots FROM (i - 1) * 32 + 1 FOR 32)
      FROM (SELECT CASE _tile_levels[i]
        WHEN 0 THEN (SELECT string_agg(e.leaf, '' ORDER BY e.position) FROM entry e
                     WHERE e.position >= _tile_indexes[i] * 256 AND e.position < (_tile_indexes[i] + 1) * 256)
        ELSE (SELECT string_agg(t.root, '' ORDER BY t.index) FROM tile t WHERE t.level = _tile_levels[i] - 1
              AND t.index >= _tile_indexes[i] * 256 AND t.index < (_tile_indexes[i] + 1) * 256)
      END) AS full_tile(hashes);
  END LOOP;

  INSERT INTO checkpoint (size, note) VALUES (_to, _checkpoint);
  PERFORM pg_notify('custos_log', _to::text);
END $$;

REVOKE ALL ON FUNCTION log.append_group FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append_group TO custos_service;
DROP FUNCTION log.advance_head;
REVOKE INSERT ON log.entry, log.command, log.tile FROM custos_service;

-- The head, and what was answered to these commands before. Both in one call, after the lock is held: an answer that
-- another instance committed while this one waited is seen. Whoever holds the head and then says nothing (a process
-- that was stopped, a machine that was cut off) loses it after ten seconds, and so does whoever waits too long for it.
--   earlier   of each command that was answered: actor, command, digest in hex, first, count, answer
--   raises    55P03 the head could not be had
CREATE FUNCTION log.take_head(
  _actors text[], _commands text[],
  OUT size bigint, OUT at bigint, OUT checkpoint text, OUT earlier jsonb
)
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off SET lock_timeout = '15s'
AS $$
BEGIN
  PERFORM set_config('idle_in_transaction_session_timeout', '10s', true);
  SELECT h.size, h.at, h.checkpoint INTO size, at, checkpoint FROM lock_head() h;
  -- Above 2^53 a number of JSON is none of ours; positions stay below.
  SELECT jsonb_agg(jsonb_build_array(c.actor, c.command, encode(c.digest, 'hex'), c.first, c.count, c.answer))
    INTO earlier
    FROM unnest(_actors, _commands) AS asked(actor, command) JOIN command c USING (actor, command);
END $$;

REVOKE ALL ON FUNCTION log.take_head FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.take_head TO custos_service;

RESET ROLE;
