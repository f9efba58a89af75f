-- An answer is kept as the text that it is, since its hash stands in a header: jsonb would write it anew.
SET ROLE custos_owner;

ALTER TABLE log.command ALTER COLUMN answer TYPE text USING answer::text;

-- As before (0018), but for the answers.
CREATE OR REPLACE FUNCTION log.append_group(
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
    SELECT actor, command, substring(_digests FROM (row::integer - 1) * 32 + 1 FOR 32), first, count, answer
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

RESET ROLE;
