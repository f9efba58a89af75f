-- `custos verify` holds the kept answers against the entries that they are about: every entry was written by one
-- command. They are without content, as everything clear is.
SET ROLE custos_owner;

GRANT SELECT ON log.command TO custos_reader;

RESET ROLE;
