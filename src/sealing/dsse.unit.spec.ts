import { createPublicKey, verify as verifyByOpenssl } from 'node:crypto';
import fc from 'fast-check';
import { openEnvelope, pae, signEnvelope, type Envelope } from './dsse.js';
import { Secret } from './secret.js';
import { publicKeyOf } from './signature.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const text = (value: string) => new TextEncoder().encode(value);
const type = 'application/vnd.custos.approval+json';
const seed = () => new Secret(new Uint8Array(32).fill(7));
const signed = () => signEnvelope(type, text('scope'), { keyId: 'key_1', seed: seed() });
const keys = (keyid: string) => (keyid === 'key_1' ? { publicKey: publicKeyOf(seed()) } : undefined);
const opening = (envelope: unknown, expected = type) => openEnvelope(envelope as Envelope, expected, keys);
const refused = (rule: string) => ({ kind: 'refused', rule });

describe('an envelope is refused', () => {
  it('for another type than it was signed for, even if it says so itself', () => {
    expect(opening(signed(), 'application/vnd.custos.revocation+json')).toEqual(refused('payload_type'));
    const relabelled = { ...signed(), payloadType: 'application/vnd.custos.revocation+json' };
    expect(opening(relabelled, relabelled.payloadType)).toEqual(refused('signature_invalid'));
  });

  it('under a key that nobody enrolled', () => {
    const stranger = { ...signed(), signatures: [{ ...signed().signatures[0]!, keyid: 'key_2' }] };
    expect(opening(stranger)).toEqual(refused('key_unknown'));
  });

  it('with a changed payload, or the signature of another one', () => {
    const other = signEnvelope(type, text('scope '), { keyId: 'key_1', seed: seed() });
    expect(opening({ ...signed(), payload: other.payload })).toEqual(refused('signature_invalid'));
    expect(opening({ ...signed(), signatures: other.signatures })).toEqual(refused('signature_invalid'));
  });

  it.each<[string, (envelope: Envelope, [entry]: Envelope['signatures']) => unknown]>([
    ['no signature', (envelope) => ({ ...envelope, signatures: [] })],
    ['two signatures', (envelope, [entry]) => ({ ...envelope, signatures: [entry, entry] })],
    ['no list of signatures', (envelope, [entry]) => ({ ...envelope, signatures: entry })],
    ['something like a list of signatures', (envelope, [entry]) => ({ ...envelope, signatures: { length: 1, 0: entry, [Symbol.iterator]: Array.prototype[Symbol.iterator] } })], // prettier-ignore
    ['text for a signature', (envelope) => ({ ...envelope, signatures: ['signature'] })],
    ['no bytes for a signature', (envelope) => ({ ...envelope, signatures: [{ keyid: 'key_1' }] })],
    ['null for a signature', (envelope) => ({ ...envelope, signatures: [null] })],
    ['no key id', (envelope, [entry]) => ({ ...envelope, signatures: [{ sig: entry!.sig }] })],
    ['no payload', ({ payloadType, signatures }) => ({ payloadType, signatures })],
    ['no type', ({ payload, signatures }) => ({ payload, signatures })],
    ['bytes for a payload', (envelope) => ({ ...envelope, payload: [1, 2] })],
    ['base64 without padding', (envelope) => ({ ...envelope, payload: envelope.payload.replace(/=+$/, '') })],
    ['base64 with a space', (envelope) => ({ ...envelope, payload: `${envelope.payload} ` })],
    ['URL-safe base64', (envelope) => ({ ...envelope, payload: '-_-_Pj8=' })],
    // "c2NvcGU=" and "c2NvcGV=" are the same bytes: the last two bits are thrown away.
    ['base64 with bits left over', (envelope) => ({ ...envelope, payload: 'c2NvcGV=' })],
    ['null', () => null],
    ['text', () => 'envelope'],
  ])('as malformed, with %s', (_, broken) => {
    expect(opening(broken(signed(), signed().signatures))).toEqual(refused('malformed'));
  });

  it('with a signature of another length', () => {
    const short = { ...signed(), signatures: [{ keyid: 'key_1', sig: 'AAAA' }] };
    expect(opening(short)).toEqual(refused('signature_invalid'));
  });
});

describe('an envelope', () => {
  it('opens to its payload, for any payload, also after JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (payload) => {
        const envelope = signEnvelope(type, payload, { keyId: 'key_1', seed: seed() });
        expect(opening(JSON.parse(JSON.stringify(envelope)))).toEqual({ kind: 'opened', payload, keyId: 'key_1' });
      }),
    );
  });
});

describe('the signed bytes', () => {
  it('count bytes, not characters', () => {
    expect(Buffer.from(pae('é', text('ü€'))).toString()).toBe('DSSEv1 2 é 5 ü€');
  });
  it('are of no type that UTF-8 cannot hold', () => {
    expect(() => pae('\ud800', text('c'))).toThrow('payload type: the text is not well-formed Unicode');
  });
  it('differ wherever type and body are cut elsewhere', () => {
    expect(pae('a b', text('c'))).not.toEqual(pae('a', text('b c')));
  });

  it('are those of the published example, and its published signature is valid over them (DSSE, protocol.md)', () => {
    const bytes = pae('http://example.com/HelloWorld', text('hello world'));
    expect(Buffer.from(bytes).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const coordinate = (decimal: string) =>
      Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url');
    const x = coordinate('46950820868899156662930047687818585632848591499744589407958293238635476079160');
    const y = coordinate('5640078356564379163099075877009565129882514886557779369047442380624545832820');
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const signature = 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==';
    const valid = verifyByOpenssl(
      'sha256',
      bytes,
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64'),
    );
    expect(valid).toBe(true);
  });

  it("are signed as in DSSE's Ed25519 vectors (testvectors/vectors.json, single-signature)", () => {
    const rfc8032 = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const payload = text('{"_type":"https://in-toto.io/Statement/v1"}');
    expect(signEnvelope('application/vnd.in-toto+json', payload, { keyId: 'A', seed: new Secret(rfc8032) })).toEqual({
      payload: 'eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==',
      payloadType: 'application/vnd.in-toto+json',
      signatures: [
        {
          keyid: 'A',
          sig: '2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==',
        },
      ],
    });
  });
});
