-- The log. `header` is the Merkle leaf and the only truth; every other column repeats a part of it for an
-- index, and `custos verify` compares them. No sequence, no default, no ON CONFLICT: positions are handed
-- out under the head lock, so there are no gaps.
SET ROLE custos_owner;

CREATE TABLE log.entry (
  position bigint PRIMARY KEY CHECK (position >= 0),
  stream text NOT NULL,
  version integer NOT NULL CHECK (version >= 0),
  type text NOT NULL,
  at bigint NOT NULL,       -- epoch milliseconds
  subject text,             -- pseudonym of the one person concerned, if there is exactly one
  governs boolean NOT NULL, -- folded into the state that decisions are made on
  leaf bytea NOT NULL CHECK (length(leaf) = 32),
  header bytea NOT NULL,
  UNIQUE (stream, version)
);
CREATE INDEX entry_subject ON log.entry (subject, position) WHERE subject IS NOT NULL;
CREATE INDEX entry_session ON log.entry (position) WHERE type = 'session.opened';

-- Sealed columns, one row each, so that one can be read or deleted without the rest. The ciphertext is
-- compressed before it is sealed: EXTERNAL saves PostgreSQL the vain attempt.
CREATE TABLE log.body (
  position bigint NOT NULL,
  field text NOT NULL,
  sealed bytea STORAGE EXTERNAL NOT NULL,
  PRIMARY KEY (position, field)
);

-- The answer to each command, so that the same command id gets the same answer. Without content.
CREATE TABLE log.command (
  actor text NOT NULL,
  command text NOT NULL,
  digest bytea NOT NULL,
  first bigint NOT NULL,
  count integer NOT NULL,
  answer jsonb NOT NULL,
  PRIMARY KEY (actor, command)
);

GRANT SELECT, INSERT ON log.entry, log.body, log.command TO custos_service;
GRANT SELECT ON log.entry, log.body TO custos_keyholder, custos_reader;

RESET ROLE;
