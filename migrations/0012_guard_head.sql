-- Who may move the head: nobody but the functions that commit it together with its entries, and only forward.
-- The service has no UPDATE on the head and calls them; they run as the owner. An UPDATE by hand, of a
-- superuser too, is refused, and so is the owner's own wish to go back, to remove the head or to make a second one.
--   raises   CU003 the log is append-only
SET ROLE custos_owner;

CREATE FUNCTION log.guard_head() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_user IS DISTINCT FROM 'custos_owner' OR NEW.size <= OLD.size OR NEW.at < OLD.at THEN
    RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CU003';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER guard_head BEFORE UPDATE ON log.head
  FOR EACH ROW EXECUTE FUNCTION log.guard_head();
CREATE TRIGGER append_only BEFORE INSERT OR DELETE OR TRUNCATE ON log.head
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

RESET ROLE;
