import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Position, SubjectId } from '../log/ids.js';
import { Problem, type ProblemCode, type ProblemMembers } from '../problem.js';
import type { Secret } from '../sealing/secret.js';
import { textLines } from '../text-lines.js';
import { asService } from './keyholder-channel.js';
import type { Deleted, KeyholderPort, KeyholderStatus, ProbeVerdict, RegisteredKey } from './keyholder-port.js';
import { idleMs, type KeyholderCall } from './keyholder-server.js';
import { unpackBatch, type PackedBatch } from './packed-batch.js';

interface Reached {
  readonly socketPath: string;
  readonly agent: Agent;
}

interface Line {
  readonly batch?: PackedBatch;
  readonly end?: true;
  readonly problem?: ProblemCode;
  readonly members?: ProblemMembers;
  readonly keyId?: string;
  readonly publicKey?: string;
  readonly attestation?: string;
  readonly certificate?: string;
  readonly deleted?: Deleted;
  readonly status?: KeyholderStatus;
  readonly verdicts?: readonly ProbeVerdict[];
}

/** The keyholder of another process. This side has no key of anybody's data, and nothing to open with. */
export function connectKeyholder(socket: string, secret: Secret): KeyholderPort {
  const agent = new Agent({ ...asService(secret), ...keptConnections });
  const lines = (call: KeyholderCall) => linesOf({ socketPath: socket, agent }, call);
  const one = async (call: KeyholderCall): Promise<Line> => {
    let answer: Line | undefined;
    for await (const line of lines(call)) answer ??= line;
    if (answer === undefined) throw new Problem('keyholder_unavailable');
    return answer;
  };
  return {
    async register(subject: SubjectId): Promise<RegisteredKey> {
      const { keyId, publicKey, attestation } = await one({ call: 'register', subject });
      return { keyId: keyId as string, publicKey: bytes(publicKey), attestation: bytes(attestation) };
    },
    async destroy(tombstone: Position) {
      const { keyId, certificate } = await one({ call: 'destroy', tombstone });
      return { keyId: keyId as string, certificate: bytes(certificate) };
    },
    async deleteExpired() {
      const { deleted } = await one({ call: 'delete-expired' });
      return deleted as Deleted;
    },
    async status() {
      const { status } = await one({ call: 'status' });
      return status as KeyholderStatus;
    },
    async probe(probes: readonly Position[]) {
      const { verdicts } = await one({ call: 'probe', probes: [...probes] });
      // Fewer answers than questions would leave a question unasked.
      if (verdicts?.length !== probes.length) throw new Problem('keyholder_unavailable');
      return verdicts;
    },
    async *open(disclosure: Position, token?: string) {
      const call = { call: 'open', disclosure, ...(token === undefined ? {} : { token }) } as const;
      let isWhole = false;
      for await (const { batch, end } of lines(call)) {
        if (end === true) isWhole = true;
        else yield unpackBatch(batch as PackedBatch);
      }
      // No `end`: the keyholder died midway. What came is plaintext all the same, and the log says so.
      if (!isWhole) throw new Problem('keyholder_unavailable');
    },
  };
}

/** Read to its end, an answer leaves a connection that the next call can use. */
async function* linesOf(keyholder: Reached, call: KeyholderCall): AsyncGenerator<Line> {
  const response = await send(keyholder, call);
  try {
    for await (const text of textLines(response)) {
      const line = JSON.parse(text) as Line;
      if (line.problem !== undefined) throw new Problem(line.problem, line.members);
      yield line;
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('keyholder_unavailable');
  } finally {
    response.destroy();
  }
}

/** Closed before the keyholder closes what is idle (keyholder-server.ts), so that no call meets a connection that is closing. */
const keptConnections = { keepAlive: true, scheduling: 'lifo', timeout: idleMs / 2 } as const;

const send = (keyholder: Reached, call: KeyholderCall): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asking = request({ ...keyholder, method: 'POST', path: '/' }, resolve);
    asking.on('error', () => reject(new Problem('keyholder_unavailable')));
    asking.end(JSON.stringify(call));
  });

const bytes = (text: string | undefined) => Uint8Array.from(Buffer.from(text ?? '', 'base64'));
