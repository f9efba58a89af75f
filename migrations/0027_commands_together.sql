-- Commands that write together have one first entry, and a row each (docs/decisions/0038).
SET ROLE custos_owner;

DROP INDEX log.command_first;
CREATE INDEX command_first ON log.command (first);

RESET ROLE;
