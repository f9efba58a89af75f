-- `custos verify` holds every kept answer against the header of its command's first entry, page by page. Unique, since
-- an entry was written by one command.
SET ROLE custos_owner;

CREATE UNIQUE INDEX command_first ON log.command (first);

RESET ROLE;
