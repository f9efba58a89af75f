import { decodeStatement, encodeStatement, envelopeText, openStatement } from '../identity/signed-statement.js';
import { signEnvelope, type Envelope } from '../sealing/dsse.js';
import { approvalType, signApproval } from './approval.js';
import { enrolKeys, envelopeBy, keyOf, keys, requested, statementFor, tell } from './given.spec.js';

beforeAll(enrolKeys);

const told = () => tell(requested());
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (one: Uint8Array) => new TextDecoder().decode(one);
const key = () => keys.get('approver1');
const signed = (payload: string) => signEnvelope(approvalType.payloadType, bytes(payload), keyOf('approver1'));

describe('a statement', () => {
  it('is JSON with its keys in order and nothing else', () => {
    const statement = statementFor(told(), 'approver1');
    const encoded = text(encodeStatement(approvalType, statement));
    expect(Object.keys(JSON.parse(encoded))).toEqual(Object.keys(statement).sort());
    expect(encoded).toMatch(/^\{"approver":"approver1","checkpoint":\{"root":"0{64}","size":1\},"expiresAt":/);
    expect(encoded).not.toMatch(/\s/);
  });
  it('comes back as it was, whatever the order of its members', () => {
    const statement = statementFor(told(), 'approver1');
    const turned = Object.fromEntries(Object.entries(statement).reverse()) as typeof statement;
    expect(encodeStatement(approvalType, turned)).toEqual(encodeStatement(approvalType, statement));
    expect(decodeStatement(approvalType, encodeStatement(approvalType, turned))).toEqual(statement);
  });
  it.each([
    ['white space', (json: string) => json.replace(':', ': ')],
    ['a key twice', (json: string) => json.replace('{', '{"approver":"approver2",')],
    ['a key that nobody knows', (json: string) => json.replace('{', '{"also":1,')],
    [
      'keys out of order',
      (json: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(json)).reverse())),
    ],
    ['a key missing', (json: string) => json.replace(/"nonce":"\w+",/, '')],
    ['an escape for a plain letter', (json: string) => json.replace('approver1', '\\u0061pprover1')],
    ['another type of statement', (json: string) => json.replace('custos.approval.v1', 'custos.approval.v2')],
    ['a hash in capitals', (json: string) => json.replace(/"policyHash":"\w+"/, (one) => one.toUpperCase())],
    ['a size as text', (json: string) => json.replace('"size":1', '"size":"1"')],
    ['a short nonce', (json: string) => json.replace(/"nonce":"\w/, '"nonce":"')],
    ['another number format', (json: string) => json.replace('"size":1', '"size":1.0')],
    ['something behind it', (json: string) => `${json} `],
    ['a byte order mark', (json: string) => `\ufeff${json}`],
  ])('is none with %s', (_what, change) => {
    const statement = statementFor(told(), 'approver1');
    const changed = change(text(encodeStatement(approvalType, statement)));
    expect(changed).not.toBe(text(encodeStatement(approvalType, statement)));
    expect(decodeStatement(approvalType, bytes(changed))).toBeUndefined();
  });
  it('is none in bytes that are not UTF-8', () =>
    expect(decodeStatement(approvalType, Uint8Array.of(0xff, 0xfe, 0x7b))).toBeUndefined());
});

describe('an envelope is refused', () => {
  const refused = (envelope: string | Envelope, rule: string) =>
    expect(openStatement(approvalType, envelope, key)).toEqual({ kind: 'refused', rule });
  const good = () => envelopeBy(told(), 'approver1');

  it.each(['', '{', 'null', '[]', '7', '"text"', '{}'])('as malformed if it is %p', (one) => refused(one, 'malformed'));
  it('as malformed with a member that nobody knows', () =>
    refused(JSON.stringify({ ...good(), note: 'please' }), 'malformed'));
  it('as malformed with two signatures, or none', () => {
    const { signatures, ...rest } = good();
    refused({ ...rest, signatures: [...signatures, ...signatures] }, 'malformed');
    refused({ ...rest, signatures: [] }, 'malformed');
  });
  it('as malformed if it is longer than any approval', () =>
    refused(`${envelopeText(good())}${' '.repeat(8192)}`, 'malformed'));
  it('as malformed if what is signed is no statement', () => {
    refused(signed('{}'), 'malformed');
    refused(signed('approve everything'), 'malformed');
  });
  it('by the type of its payload', () => {
    const payload = encodeStatement(approvalType, statementFor(told(), 'approver1'));
    refused(signEnvelope('application/json', payload, keyOf('approver1')), 'payload_type');
  });
  it('if nobody knows the key', () =>
    expect(openStatement(approvalType, good(), () => undefined)).toEqual({ kind: 'refused', rule: 'key_unknown' }));
  it('if another key signed', () =>
    refused(signApproval(statementFor(told(), 'approver1'), keyOf('approver2')), 'signature_invalid'));
  it('if another statement was signed', () =>
    refused({ ...good(), payload: envelopeBy(told(), 'approver1').payload }, 'signature_invalid'));
  it('if its type was changed after it was signed', () => {
    const payload = encodeStatement(approvalType, statementFor(told(), 'approver1'));
    const other = signEnvelope('application/json', payload, keyOf('approver1'));
    refused({ ...other, payloadType: approvalType.payloadType }, 'signature_invalid');
  });
});

describe('an envelope is opened', () => {
  it('as an object and as the text that the log holds', () => {
    const statement = statementFor(told(), 'approver1');
    const envelope = signApproval(statement, keyOf('approver1'));
    const opened = { kind: 'opened', statement, keyId: 'approver1' };
    expect(openStatement(approvalType, envelope, key)).toEqual(opened);
    expect(openStatement(approvalType, envelopeText(envelope), key)).toEqual(opened);
  });
});
