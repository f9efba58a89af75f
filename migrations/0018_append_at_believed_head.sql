-- One append by one call, whether the head was taken before or is only believed to be where this process left it
-- (docs/decisions/0011): the size and the checkpoint that the group was decided on are compared with the head, under
-- its lock, before anything is written. Arrays have an element for each entry (command, tile), in order; bytes of
-- several are laid end to end.
--   _from, _to                sizes before and after
--   _before                   the checkpoint of size _from
--   _at                       time of the entries, epoch milliseconds
--   _header_starts            of each header in _headers, from 1, and
--   _header_bytes             its length
--   _firsts, _counts          positions of each command's entries
--   _tile_levels, …           tiles that this append fills, the lowest level first; their hashes are read from the rows
--   returns the time now, as `lock_head` gives it
--   raises  CU001 the head is not at _from, or another checkpoint is; CU002 the entries are not _from to _to - 1
--           CU004 _at is none of the last five seconds, or before that of the last entry
SET ROLE custos_owner;

CREATE FUNCTION log.append_group(
  _from bigint, _before text, _to bigint, _at bigint, _frontier bytea, _checkpoint text,
  _leaves bytea, _headers bytea, _header_starts integer[], _header_bytes integer[],
  _streams text[], _versions integer[], _types text[], _subjects text[], _governs boolean[],
  _actors text[], _commands text[], _digests bytea, _firsts bigint[], _counts integer[], _answers text[],
  _tile_levels smallint[], _tile_indexes bigint[], _tile_roots bytea
) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  -- Planned on an empty table and kept, a plan would scan a table that has grown by millions.
  SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  _now bigint;
  _last bigint;
BEGIN
  IF _to <= _from OR cardinality(_streams) IS DISTINCT FROM _to - _from
     OR length(_leaves) IS DISTINCT FROM 32 * (_to - _from) THEN
    RAISE EXCEPTION 'entries are missing' USING ERRCODE = 'CU002';
  END IF;
  -- A head that has moved is found before anything is written.
  SELECT h.at INTO _now FROM lock_head() h WHERE h.size = _from AND h.checkpoint = _before;
  IF NOT FOUND THEN RAISE EXCEPTION 'the head has moved' USING ERRCODE = 'CU001'; END IF;
  SELECT h.at INTO _last FROM head h;
  -- Whoever decided at _at may have waited for the head since.
  IF _at NOT BETWEEN greatest(_last, _now - 5000) AND _now THEN
    RAISE EXCEPTION 'the time of the entries has passed' USING ERRCODE = 'CU004';
  END IF;
  UPDATE head SET size = _to, at = _at, frontier = _frontier, checkpoint = _checkpoint;

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
  RETURN _now;
END $$;

DROP FUNCTION log.append_group(
  bigint, bigint, bigint, bytea, text, bytea, bytea, integer[], integer[], text[], integer[], text[], text[], boolean[],
  text[], text[], bytea, bigint[], integer[], text[], smallint[], bigint[], bytea
);
REVOKE ALL ON FUNCTION log.append_group FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append_group TO custos_service;

RESET ROLE;
