import type { Trust } from './identity/trust.js';
import { ed25519Signer, formatVerifierKey } from './merkle/note.js';

/** Of a log whose entries may say anything: nobody's key is trusted, so that nothing in them counts by itself. */
const log = ed25519Signer('custos.example/test', new Uint8Array(32).fill(1));
export const givenTrust: Trust = {
  origin: log.name,
  log: formatVerifierKey(log.name, log.publicKey),
  keyholder: new Uint8Array(32).fill(3),
  keys: new Map(),
  sources: new Map(),
  quorum: { ordinary: 2, large: 3 },
};
