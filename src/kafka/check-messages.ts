import { setImmediate as turn } from 'node:timers/promises';
import { requireSealed } from '../capture/check-sealed.js';
import { authorityKey, sourceInForce } from '../identity/authority.js';
import type { PersonId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { codeOf, type ProblemCode } from '../problem.js';
import type { IncomingMessage } from './kafka-port.js';
import { readMessage, type ReadMessage, type SealedMessage } from './read-message.js';
import { recordsStored } from './stored-batches.js';

/** A message before the head decides about it: what a source sealed and signed, or why it is refused. */
export type CheckedMessage =
  | { readonly offset: number; readonly source: PersonId; readonly body: SealedMessage }
  /** Records that went by HTTP, and are in the log. */
  | { readonly offset: number; readonly stored: number }
  | { readonly offset: number; readonly refused: ProblemCode };

/**
 * Everything about messages that needs no head, and all that is slow. There is no token on a topic: who sent a message
 * is told by the key that signed it. @throws Problem log_unavailable; what is wrong with a message is its own answer.
 */
export async function checkMessages(
  log: Pick<Log, 'origin' | 'state' | 'refreshed' | 'reader'>,
  messages: readonly IncomingMessage[],
): Promise<CheckedMessage[]> {
  const read: { readonly offset: number; readonly message: ReadMessage | ProblemCode }[] = [];
  for (const message of messages) {
    await turn(); // parsing, hashing and signatures take milliseconds, and this process has others to answer
    read.push({ offset: message.offset, message: attempt(() => readMessage(message)) });
  }
  const at = Date.now();
  const keyOf = ({ sealed }: SealedMessage) => sourceInForce(log.state.of(authorityKey), sealed.signedBy, at);
  const isUnknown = ({ message }: (typeof read)[number]) =>
    typeof message !== 'string' && message.kind === 'sealed' && keyOf(message.body) === undefined;
  // Another instance may have enrolled a key just now: the log is read on, once for all of them.
  if (read.some(isUnknown)) await log.refreshed();
  const checked: CheckedMessage[] = [];
  for (const { offset, message } of read) {
    await turn();
    if (typeof message === 'string') checked.push({ offset, refused: message });
    else if (message.kind === 'sealed') checked.push(checkedOne(offset, message.body));
    else {
      const stored = await recordsStored(log, message.stored);
      checked.push(stored === undefined ? { offset, refused: 'payload_missing' } : { offset, stored });
    }
  }
  return checked;

  function checkedOne(offset: number, body: SealedMessage): CheckedMessage {
    const key = keyOf(body);
    if (key === undefined) return { offset, refused: 'source_key_unknown' };
    const { publicKey, person: source } = key;
    const wrong = attempt(() => requireSealed(body, body.sealed, { origin: log.origin, publicKey }));
    return typeof wrong === 'string' ? { offset, refused: wrong } : { offset, source, body };
  }
}

/** Whatever it is that a message brings about: thrown on, it would end this consumer, and the next one at the same message. */
function attempt<T>(work: () => T): T | ProblemCode {
  try {
    return work();
  } catch (error) {
    return codeOf(error);
  }
}
