-- The subjects' secret keys, wrapped by the root key, which is never in the database. Only the keyholder
-- comes near them, and they have a backup of their own: whoever restores the log restores no key.
SET ROLE custos_owner;

CREATE TABLE keys.subject_key (
  subject text PRIMARY KEY,
  key_id text NOT NULL UNIQUE,
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  wrapped bytea NOT NULL
);

-- A disclosure opens once, whatever keyholder it is brought to.
CREATE TABLE keys.opened (
  position bigint PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, INSERT, DELETE ON keys.subject_key TO custos_keyholder;
GRANT SELECT, INSERT ON keys.opened TO custos_keyholder;

RESET ROLE;
