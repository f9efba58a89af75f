import { Agent, request } from 'node:https';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessKey } from '../../src/access/access-state.js';
import { Disclose, DiscloseHandler } from '../../src/access/disclose.handler.js';
import type { KeyholderPort } from '../../src/keys/keyholder-port.js';
import { asService, freshChannelSecret } from '../../src/keys/keyholder-channel.js';
import { serveKeyholder } from '../../src/keys/keyholder-server.js';
import { connectKeyholder } from '../../src/keys/remote-keyholder.js';
import type { FieldName } from '../../src/log/fields.js';
import { ownCopy, type GrantId, type PersonId, type Position, type SessionId, type SubjectId } from '../../src/log/ids.js'; // prettier-ignore
import { writeCommand } from '../../src/log/write-command.js';
import { Secret } from '../../src/sealing/secret.js';
import { freshCommand, researcher, start, typedRecords, VaultInProcess } from '../vault-in-process.js';
import { AppInProcess } from './app-in-process.js';

/**
 * Whoever opens a release and takes nothing of it, or takes it byte by byte, must not keep a key open, nor what was released
 * in doubt, for longer than their grant.
 */
const batches = 24;
const recordsABatch = 512;
const grantSeconds = 8;
/** A sender's buffer says that there is room again only after a good part of it went out. */
const stalledAfterMs = 3000;
let vault: VaultInProcess;
beforeAll(async () => {
  vault = await VaultInProcess.start();
  // More than all buffers on the way to a reader hold.
  for (let batch = 0; batch < batches; batch += 1) {
    const first = batch * recordsABatch;
    await vault.ingest('long', 's1', typedRecords(recordsABatch, 'x'.repeat(1500), first), { first });
  }
});
afterAll(() => vault.stop());

const granted = (seconds = 3600): Promise<GrantId> =>
  vault.grant('long', ['typed'], { records: 100_000, to: start + 86_400_000, seconds });

/** Counts turns and not time, which passes also while the machine does something else. */
async function until<T>(found: () => Promise<T | undefined> | T | undefined, turns = 900): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) {
    const it = await found();
    if (it !== undefined) return it;
    await sleep(20);
  }
  throw new Error('it never came to be');
}

/** How the last disclosure ended, as the log says; undefined while it says nothing. */
async function ended(grant: GrantId) {
  const made = (await vault.log.reader.stream(`request/${grant}`)).filter(({ type }) => type === 'disclosure.made');
  const last = made.at(-1)?.position;
  if (last === undefined) return undefined;
  const [entry] = await vault.log.reader.stream(`disclosure/${last}`);
  return entry?.type === 'disclosure.completed' ? { ...entry.data, at: entry.at } : undefined;
}
const expiryOf = (grant: GrantId) => vault.log.state.of(accessKey).grants.get(grant)?.expiresAt ?? 0;

describe('at the end of its grant', () => {
  afterEach(() => (vault.clock = Date.now));
  const anHourLater = () => Date.now() + 3_601_000;
  /** The first batch before, and all others after. */
  async function readOn({ batches }: Awaited<ReturnType<VaultInProcess['disclose']>>): Promise<void> {
    for await (const { sequences } of batches) {
      expect(sequences[0]).toBe(0);
      vault.clock = anHourLater;
    }
  }
  const stopped = { code: 'disclosure_stopped' };

  it('a release stops between two batches, as it does at a lock', async () => {
    await expect(readOn(await vault.disclose(await granted(), 'long'))).rejects.toMatchObject(stopped);
  });

  it("a subject's own copy does, with their token", async () => {
    await expect(readOn(await vault.copy('long', 's1'))).rejects.toMatchObject(stopped);
  });

  it('its keys are gone, though nobody reads on', async () => {
    const grant = await granted(50);
    vault.clock = () => expiryOf(grant) - 200;
    const reading = (await vault.disclose(grant, 'long')).batches[Symbol.asyncIterator]();
    await reading.next();
    const wipe = jest.spyOn(Secret.prototype, 'wipe');
    try {
      // That of the subject, and that of the session.
      await until(() => wipe.mock.calls.length >= 2 || undefined);
    } finally {
      wipe.mockRestore();
    }
    await expect(reading.next()).rejects.toMatchObject(stopped);
  });
});

it('a subject has a few copies open at once, and what is one too many is not begun', async () => {
  const handler = new DiscloseHandler(vault.log, vault.keyholder);
  const token = await vault.issuer.tokenOf('subject:s1', 'subject');
  const copy = async () => {
    const asked = new Disclose(
      freshCommand(),
      'subject:s1' as PersonId,
      ownCopy,
      'long' as SessionId,
      ['typed'],
      token,
    );
    const reading = (await handler.execute(asked)).batches[Symbol.asyncIterator]();
    await reading.next();
    return reading;
  };
  const open = await Promise.all(Array.from({ length: 8 }, copy));
  const { size } = await vault.log.reader.head();
  await expect(copy()).rejects.toMatchObject({ code: 'copies_full', members: { limit: 8 } });
  expect((await vault.log.reader.head()).size).toBe(size);
  await open[0]?.return?.();
  open.push(await copy());
  await expect(copy()).rejects.toMatchObject({ code: 'copies_full' });
  for (const one of open) await one.return?.();
});

describe('over HTTP, a reader', () => {
  let app: AppInProcess;
  let port: number;
  let reader: Socket;
  let token: string;
  beforeAll(async () => {
    token = await vault.issuer.tokenOf('researcher', 'researcher');
    app = await AppInProcess.start(vault, { stalledAfterMs });
  });
  beforeEach(async () => void (port = await app.listen()));
  afterAll(() => app.close());
  afterEach(() => reader.destroy());

  /** Asks, and takes nothing of the answer. */
  function ask(grant: GrantId): void {
    const body = JSON.stringify({ session: 'long' });
    const head = [
      ...[`POST /v1/grants/${grant}/disclosures HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`],
      ...['content-type: application/json', `content-length: ${body.length}`, '', ''],
    ];
    reader = connect(port, '127.0.0.1', () => reader.write(head.join('\r\n') + body));
    reader.on('error', () => undefined);
    reader.pause();
  }

  it('who takes nothing is let go of, and the log says how far it came', async () => {
    const grant = await granted();
    ask(grant);
    const { outcome, records } = await until(() => ended(grant));
    expect(outcome).toBe('broken_off');
    expect(records).toBeLessThan(batches * recordsABatch);
  });

  it('who takes a little of it again and again is let go of with the grant', async () => {
    const grant = await granted(grantSeconds);
    ask(grant);
    const taking = setInterval(() => reader.read(), 80);
    const { outcome, at } = await until(() => ended(grant)).finally(() => clearInterval(taking));
    expect(['broken_off', 'failed']).toContain(outcome);
    expect(at).toBeGreaterThan(expiryOf(grant) - 500);
  });

  it('who takes nothing does not keep the service from ending, and the log says how far it came', async () => {
    const { keyholder, trust, issuer, database } = vault;
    const log = await vault.openLog();
    const ending = await AppInProcess.start({ log, keyholder, trust, issuer, database } as VaultInProcess, { closesWithinMs: 200 }); // prettier-ignore
    port = await ending.listen();
    const grant = await granted();
    ask(grant);
    await until(async () => ((await vault.log.reader.stream(`request/${grant}`)).some(({ type }) => type === 'disclosure.made') ? true : undefined)); // prettier-ignore
    await sleep(200);
    // As the service does it (start-service.ts).
    await ending.close();
    await log.close();
    expect(await ended(grant)).toMatchObject({ outcome: 'broken_off' });
  });

  it('who takes all of it in their time gets all of it', async () => {
    const grant = await granted();
    ask(grant);
    reader.on('data', () => undefined);
    const taking = setInterval(() => {
      reader.resume();
      setTimeout(() => reader.pause(), 50);
    }, 150);
    const { outcome, records } = await until(() => ended(grant)).finally(() => clearInterval(taking));
    expect({ outcome, records }).toEqual({ outcome: 'delivered', records: batches * recordsABatch });
  });
});

describe('a keyholder behind a socket', () => {
  let dir: string;
  let server: { close(): Promise<void> };
  let remote: KeyholderPort;
  let open: number;
  const secret = freshChannelSecret();
  beforeEach(async () => {
    open = 0;
    dir = await mkdtemp(join(tmpdir(), 'custos-socket-'));
    const socket = join(dir, 'k.sock');
    server = await serveKeyholder(counting(), { socket, secret, stallMs: stalledAfterMs });
    remote = connectKeyholder(socket, secret);
  });
  afterEach(async () => {
    await server.close();
    await rm(dir, { recursive: true });
  });

  function counting(): KeyholderPort {
    async function* counted(...asked: Parameters<KeyholderPort['open']>) {
      open += 1;
      try {
        yield* vault.keyholder.open(...asked);
      } finally {
        open -= 1;
      }
    }
    return { open: counted } as Partial<KeyholderPort> as KeyholderPort;
  }

  it('lets go of a service that asked and does not read', async () => {
    const disclosure = await committed(await granted());
    const agent = new Agent(asService(secret));
    const asking = request({ socketPath: join(dir, 'k.sock'), agent, method: 'POST', path: '/' });
    asking.on('response', (response) => response.pause().on('error', () => undefined));
    asking.on('error', () => undefined).end(JSON.stringify({ call: 'open', disclosure }));
    await until(() => open === 1 || undefined);
    await until(() => open === 0 || undefined);
    asking.destroy();
  });

  it('lets a service that reads have all of it', async () => {
    const { batches: released } = await vault.disclose(await granted(), 'long', undefined, remote);
    let records = 0;
    for await (const { sequences } of released) {
      records += sequences.length;
      await sleep(20);
    }
    expect(records).toBe(batches * recordsABatch);
  });
});

async function committed(grant: GrantId): Promise<Position> {
  const [session, fields, subject] = ['long' as SessionId, ['typed'] as FieldName[], 's1' as SubjectId];
  const data = { grant, session, fields, versions: 999, records: batches * recordsABatch };
  const { positions } = await vault.log.append(writeCommand(freshCommand(), researcher, 'committed'), () => ({
    entries: [{ type: 'disclosure.made', stream: `request/${grant}`, data, subject }],
    answer: null,
  }));
  return positions[0] as Position;
}
