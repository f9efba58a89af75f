import { hash } from 'node:crypto';
import type { WriteCommand } from './draft.js';
import type { Actor } from './entries.js';
import type { CommandId } from './ids.js';

/**
 * One intended write. `intent` is what was meant, as JSON data: the same id with another intent is refused, the
 * same id with the same one gets the first answer.
 */
export const writeCommand = (id: CommandId, actor: Actor, intent: unknown, sealedBytes = 0): WriteCommand => ({
  id,
  actor,
  digest: hash('sha256', JSON.stringify(intent), 'buffer'),
  sealedBytes,
});

/** A write that Custos itself intends, and that is the same whoever and how often it is tried. */
export const ownCommand = (id: string): WriteCommand => writeCommand(id as CommandId, 'custos', id);
