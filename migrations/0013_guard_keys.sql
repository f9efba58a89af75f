-- What the keyholder must not undo either: a disclosure that was opened stays opened, and a subject's key is
-- made and destroyed, never exchanged.
--   raises   CU003 the log is append-only
SET ROLE custos_owner;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON keys.opened
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER never_exchanged BEFORE UPDATE OR TRUNCATE ON keys.subject_key
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

RESET ROLE;
