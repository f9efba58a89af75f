-- The head: one row that every appender locks, so that positions are handed out in the order in which they
-- commit. A sequence would give them out in one order and commit them in another, and a reader that polls
-- `position > $1` would then lose entries for good.
SET ROLE custos_owner;

CREATE TABLE log.head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  size bigint NOT NULL,
  at bigint NOT NULL,        -- time of the last entry, epoch milliseconds
  frontier bytea NOT NULL,   -- roots of the largest perfect subtrees: enough to append to the tree
  checkpoint text NOT NULL   -- signed note over exactly this size and root
);
INSERT INTO log.head (size, at, frontier, checkpoint) VALUES (0, 0, decode('0000000000000000', 'hex'), '');

-- Every checkpoint ever signed: two of one size are impossible.
CREATE TABLE log.checkpoint (
  size bigint PRIMARY KEY,
  note text NOT NULL
);

-- Full tiles (C2SP tlog-tiles): 256 hashes, and their root, which is one hash of the tile above.
CREATE TABLE log.tile (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hashes bytea STORAGE EXTERNAL NOT NULL CHECK (length(hashes) = 8192),
  root bytea NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (level, index)
);

GRANT SELECT ON log.head, log.checkpoint, log.tile TO custos_service, custos_keyholder, custos_reader;
GRANT INSERT ON log.checkpoint, log.tile TO custos_service;

RESET ROLE;
