import { cp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { mintDevToken } from '../src/identity/dev-people.js';
import { ServiceProcess } from './service-process.js';

const start = Date.UTC(2026, 5, 1);
const post = (count: number, first: number) => ({
  session: 'one',
  subject: 's1',
  format: 'rrweb',
  first,
  records: Array.from({ length: count }, (_, index) => {
    const timestamp = start + (first + index) * 1000;
    return { time: timestamp, data: { type: 3, data: { source: 5, text: 'x', id: 7 }, timestamp } };
  }),
});

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start();
});
afterAll(() => service.remove());

/** The second line of a checkpoint. */
const sizeIn = async (name: string) => Number((await readFile(join(service.data, name), 'utf8')).split('\n')[1]);

describe('a service that is followed', () => {
  it('sends what comes, and ends without waiting for whoever follows', async () => {
    const authorization = `Bearer ${await mintDevToken(service.data, 'auditor')}`;
    const headers = { authorization, accept: 'text/event-stream' };
    const following = await fetch(`${service.url}/v1/log/entries`, { headers });
    const idle = connect(Number(new URL(service.url).port), '127.0.0.1');
    idle.on('error', () => undefined);
    const told = service.ask('subject:s9', 'PUT', '/v1/subjects/s9/consent', { consent: 'given' });
    let [text, stopped] = ['', undefined as Promise<number | null> | undefined];
    for await (const chunk of following.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes('consent.changed')) stopped ??= told.then(() => service.stop('SIGTERM'));
    }
    expect(await stopped).toBe(0);
    expect(text.match(/^id: .*$/gm)).toEqual(['id: 0', 'id: 1']);
    await service.start();
  });
});

describe('a service whose database was put back to an older backup', () => {
  it('does not start, names what it had and what it found, and starts once an operator has accepted the loss', async () => {
    await service.ask('source', 'POST', '/v1/records', post(10, 0));
    expect(await service.stop('SIGTERM')).toBe(0);
    const [database, backup] = [join(service.data, 'postgres'), join(service.folder, 'backup')];
    const found = await sizeIn('checkpoint');
    await cp(database, backup, { recursive: true });

    await service.start();
    for (let first = 10; first < 60; first += 10) {
      expect((await service.ask('source', 'POST', '/v1/records', post(10, first))).status).toBe(200);
    }
    await service.stop('SIGKILL');
    // As the service that was killed left them: the last moments may not be in its memory, all else is.
    await service.start();
    await service.stop('SIGTERM');
    await rm(database, { recursive: true });
    await cp(backup, database, { recursive: true });

    for (const name of ['keyholder-checkpoint', 'checkpoint']) {
      const kept = await sizeIn(name);
      expect(kept).toBeGreaterThan(found);
      const refused = await service.second();
      expect(refused.code).toBe(1);
      expect(refused.said).toContain('log_rolled_back');
      expect(refused.said).toContain(`kept: ${kept}`);
      expect(refused.said).toContain(`size: ${found}`);
      const accept = (size: number) =>
        service.custos('--json', 'accept-rollback', '--file', join(service.data, name), '--kept', String(size), '--reason', 'the backup of this test'); // prettier-ignore
      expect((await accept(found)).code).toBe(2);
      expect(JSON.parse((await accept(kept)).stdout)).toMatchObject({ kept });
    }

    const kept = await sizeIn('checkpoint');
    await service.start();
    expect(service.said).not.toContain('taken as it was found');
    const tail = await service.custos('--as', 'auditor', '--json', 'log', 'tail', '--from', String(found));
    expect(JSON.parse(tail.stdout.split('\n')[0] as string)).toMatchObject({
      position: found,
      type: 'log.rolled_back',
      actor: 'custos',
      data: { kept, found, reason: 'the backup of this test' },
    });
    expect((await service.custos('verify')).code).toBe(0);
    expect((await service.ask('source', 'POST', '/v1/records', post(10, 10))).status).toBe(200);

    // Nobody can tell any more, and that is said.
    await service.stop('SIGTERM');
    for (const name of ['keyholder-checkpoint', 'checkpoint']) await rm(join(service.data, name));
    await service.start();
    expect(service.said.match(/taken as it was found/g)).toHaveLength(2);
  });
});
