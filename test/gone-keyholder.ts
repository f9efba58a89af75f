import { freshChannelSecret } from '../src/keys/keyholder-channel.js';
import type { KeyholderPort } from '../src/keys/keyholder-port.js';
import { connectKeyholder } from '../src/keys/remote-keyholder.js';

/** A keyholder of another process, where there is none. */
export const goneKeyholder = (): KeyholderPort => connectKeyholder('/nowhere/keyholder.sock', freshChannelSecret());
