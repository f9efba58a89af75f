-- Tables that are folded from the log, for questions that are asked often: never believed, nothing is decided on them,
-- and they can be thrown away and made again at any time (src/history/projections). Each row is of one build of its
-- projection, so that a new one grows beside the one that answers.
CREATE SCHEMA history AUTHORIZATION custos_owner;
GRANT USAGE ON SCHEMA history TO custos_service;
SET ROLE custos_owner;

CREATE TABLE history.build (
  projection text NOT NULL,
  build integer NOT NULL,
  version integer NOT NULL,
  -- The first entry that is not folded in yet.
  position bigint NOT NULL DEFAULT 0,
  -- It answers. One a projection.
  live boolean NOT NULL DEFAULT false,
  -- Why it stands still at its position; NULL where it does not.
  stopped text,
  PRIMARY KEY (projection, build)
);
CREATE UNIQUE INDEX ON history.build (projection) WHERE live;

-- A row a release. Without an outcome nobody knows what became of it, and unknown counts as exposed.
CREATE TABLE history.release (
  build integer NOT NULL,
  position bigint NOT NULL,
  at bigint NOT NULL,
  person text NOT NULL,
  subject text,
  session text NOT NULL,
  request text NOT NULL,
  fields text[] NOT NULL,
  records bigint NOT NULL,
  outcome text,
  completed bigint,
  PRIMARY KEY (build, position)
);
CREATE INDEX ON history.release (build, person, position);
CREATE INDEX ON history.release (build, subject, position);
CREATE INDEX ON history.release (build, session, position);
CREATE INDEX ON history.release (build, position) WHERE outcome IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON history.build, history.release TO custos_service;

RESET ROLE;
