import { readFile } from 'node:fs/promises';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { z } from 'zod';
import { Problem } from '../problem.js';
import type { RootKeySeal } from './root-key-source.js';

/** The transit engine of HashiCorp Vault or OpenBao, and a key of it that can encrypt with associated data. */
export interface TransitSettings {
  /** `https:`; `http:` to this machine only. */
  readonly url: string;
  readonly mount: string;
  readonly key: string;
  /** Read at every call: whoever renews the token replaces the file. */
  readonly tokenFile: string;
  /** PEM; left out: the authorities that Node trusts. */
  readonly caFile?: string | undefined;
  readonly namespace?: string | undefined;
}

const answersWithinMs = 10_000;
const mostAnswerBytes = 64 * 1024;
/** Bound to what it seals, so that nothing else that this key of transit has encrypted passes for a root key. */
const associatedData = Buffer.from('custos/root-key/v1').toString('base64');

const Sealed = z.object({ data: z.object({ ciphertext: z.string().min(1) }) });
const Opened = z.object({ data: z.object({ plaintext: z.base64() }) });

/** @throws Problem root_key_unavailable, for every reason: what the other side says is not ours to repeat. */
export const transitSeal = (settings: TransitSettings): RootKeySeal => ({
  async seal(text) {
    const body = { plaintext: Buffer.from(text).toString('base64'), associated_data: associatedData };
    return (await call(settings, 'encrypt', body, Sealed)).data.ciphertext;
  },
  async open(ciphertext) {
    const { data } = await call(settings, 'decrypt', { ciphertext, associated_data: associatedData }, Opened);
    return Buffer.from(data.plaintext, 'base64').toString('utf8');
  },
});

async function call<T>(
  settings: TransitSettings,
  what: 'encrypt' | 'decrypt',
  body: object,
  form: z.ZodType<T>,
): Promise<T> {
  try {
    const { mount, key, namespace } = settings;
    const token = (await readFile(settings.tokenFile, 'utf8')).trim();
    const ca = settings.caFile === undefined ? undefined : await readFile(settings.caFile);
    const target = new URL(`/v1/${mount}/${what}/${encodeURIComponent(key)}`, settings.url);
    const headers = {
      'content-type': 'application/json',
      'x-vault-token': token,
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    };
    return form.parse(JSON.parse(await post(target, { headers, ca }, JSON.stringify(body))));
  } catch {
    // Without the cause: it may hold a header of ours, and with it the token.
    throw new Problem('root_key_unavailable');
  }
}

function post(target: URL, options: { headers: Record<string, string>; ca: Buffer | undefined }, body: string) {
  return new Promise<string>((resolve, reject) => {
    const send = target.protocol === 'https:' ? https : http;
    // Over all of it: a server that sends a byte now and then must not hold a start for ever.
    const signal = AbortSignal.timeout(answersWithinMs);
    const asking = send(target, { method: 'POST', signal, ...options }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > mostAnswerBytes) answer.destroy(new Error('too much'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error('refused'));
      });
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
