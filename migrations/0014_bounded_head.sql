-- Nobody keeps the head for long, whatever became of them: everybody else waits for it. Each bound covers what the
-- others do not see, and holds until the end of the transaction. A session that has a bound of its own keeps that.
--   lock_timeout                         waiting for the head, behind one of the others
--   idle_in_transaction_session_timeout  stopped between two statements, or cut off
--   tcp_user_timeout                     stopped while an answer is sent to it: nothing else ends a server that is
--                                        blocked in sending
--   transaction_timeout                  everything else, such as the half of a message; PostgreSQL 17 has it first
SET ROLE custos_owner;

CREATE OR REPLACE FUNCTION log.lock_head(OUT size bigint, OUT at bigint, OUT frontier bytea, OUT checkpoint text)
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp
AS $$
BEGIN
  IF current_setting('lock_timeout') = '0' THEN PERFORM set_config('lock_timeout', '15s', true); END IF;
  IF current_setting('idle_in_transaction_session_timeout') = '0' THEN
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', true);
  END IF;
  IF current_setting('tcp_user_timeout') = '0' THEN PERFORM set_config('tcp_user_timeout', '10s', true); END IF;
  IF current_setting('transaction_timeout', true) = '0' THEN
    PERFORM set_config('transaction_timeout', '30s', true);
  END IF;
  SELECT h.size, h.at, h.frontier, h.checkpoint INTO STRICT size, at, frontier, checkpoint FROM log.head h FOR UPDATE;
  at := greatest(at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
END $$;

-- The head, and what was answered to these commands before. Both in one call, after the lock is held: an answer that
-- another instance committed while this one waited is seen.
--   earlier   of each command that was answered: actor, command, digest in hex, first, count, answer
--   raises    55P03 the head could not be had
CREATE OR REPLACE FUNCTION log.take_head(
  _actors text[], _commands text[],
  OUT size bigint, OUT at bigint, OUT checkpoint text, OUT earlier jsonb
)
  LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off
AS $$
BEGIN
  SELECT h.size, h.at, h.checkpoint INTO size, at, checkpoint FROM lock_head() h;
  -- Above 2^53 a number of JSON is none of ours; positions stay below.
  SELECT jsonb_agg(jsonb_build_array(c.actor, c.command, encode(c.digest, 'hex'), c.first, c.count, c.answer))
    INTO earlier
    FROM unnest(_actors, _commands) AS asked(actor, command) JOIN command c USING (actor, command);
END $$;

RESET ROLE;
