import { generateKeyPairSync } from 'node:crypto';
import { formatVerifierKey } from '../merkle/note.js';
import { formatVerifyingKey } from '../sealing/verifying-key.js';
import { keyIdOf, loadTrust, parseTrust, type TrustFile } from './trust.js';

const origin = 'vault.example/log';
const newKey = (): Uint8Array =>
  Uint8Array.from(
    Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x as string, 'base64url'),
  );
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

const [log, keyholder, first, second] = [newKey(), newKey(), newKey(), newKey()] as const;
const personWith = (person: string, publicKey: Uint8Array) => ({
  person,
  role: 'approver',
  keyId: keyIdOf(publicKey),
  publicKey: base64(publicKey),
});
const sourceWith = (person: string, publicKey: Uint8Array) => ({
  person,
  keyId: keyIdOf(publicKey),
  publicKey: base64(publicKey),
});
const file = (differing: Record<string, unknown> = {}): string =>
  JSON.stringify({
    origin,
    log: formatVerifierKey(origin, log),
    keyholder: base64(keyholder),
    people: [personWith('ann', first), { ...personWith('bob', second), role: 'officer' }],
    sources: [],
    quorum: { ordinary: 2, large: 2 },
    ...differing,
  } satisfies Record<keyof TrustFile, unknown>);
const withPerson = (differing: Record<string, unknown>) =>
  file({ people: [{ ...personWith('ann', first), ...differing }] });

describe('a trust file is refused', () => {
  const refused = (text: string) =>
    expect(() => parseTrust(text)).toThrow(expect.objectContaining({ code: 'trust_file_invalid', members: {} }));

  it('when one public key speaks for two people', () =>
    refused(file({ people: [personWith('ann', first), personWith('bob', first)] })));
  it('when one person has the same key twice', () =>
    refused(file({ people: [personWith('ann', first), personWith('ann', first)] })));
  it('when a key id is not that of its key', () => refused(withPerson({ keyId: keyIdOf(second) })));
  it('when one key speaks for two people, once bare and once as a key of OpenSSH', () => {
    const publicKey = formatVerifyingKey({ publicKey: first, ssh: { type: 'ssh-ed25519' } });
    refused(file({ people: [personWith('ann', first), { ...personWith('bob', first), publicKey }] }));
  });
  it('when a person has the name that the service acts under', () => refused(withPerson({ person: 'custos' })));
  it("when a person's key is the log's", () => refused(file({ people: [personWith('ann', log)] })));
  it("when a person's key is the keyholder's", () => refused(file({ people: [personWith('ann', keyholder)] })));
  it('when log and keyholder are one key', () => refused(file({ keyholder: base64(log) })));
  it('when the key of the log is of another origin', () => refused(file({ origin: 'other.example/log' })));
  it('when the key of the log is malformed', () => refused(file({ log: `${origin}+00000000+AAAA` })));
  it("when a source's key is a person's, the log's, or not the one that it is named by", () => {
    refused(file({ sources: [sourceWith('recorder', first)] }));
    refused(file({ sources: [sourceWith('recorder', log)] }));
    refused(file({ people: [], sources: [{ ...sourceWith('recorder', first), keyId: keyIdOf(second) }] }));
  });
  it.each(['researcher', 'auditor', 'source', 'subject'])('when it gives a %s a key', (role) =>
    refused(withPerson({ role })),
  );
  it.each([
    [{ ordinary: 1, large: 2 }, 'one officer is enough'],
    [{ ordinary: 3, large: 2 }, 'the large quorum is the smaller one'],
    [{ ordinary: 2 }, 'a quorum is missing'],
  ])('with the quorum %j: %s', (quorum, _why) => refused(file({ quorum })));
  it('for a key of 31 bytes', () => {
    const short = first.slice(0, 31);
    refused(file({ people: [personWith('ann', short)] }));
  });
  it('for another spelling of the same key', () => {
    const canonical = base64(first);
    const index = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(canonical[42] as string);
    const spelt = `${canonical.slice(0, 42)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'[index + 1]}=`;
    expect(Buffer.from(spelt, 'base64')).toEqual(Buffer.from(first));
    refused(withPerson({ publicKey: spelt }));
  });
  it('for a key that it does not know', () => refused(file({ admins: ['ann'] })));
  it('for a person with a key that it does not know', () => refused(withPerson({ quorum: 1 })));
  it.each(['', '{', 'null', '[]'])('when it is %j', (text) => refused(text));
  it('when it is not there', () =>
    expect(loadTrust('/nowhere/trust.json')).rejects.toMatchObject({ code: 'trust_file_invalid' }));
  it('without a word of what it holds', () => {
    const canary = 'canary-4711';
    expect(() => parseTrust(file({ [canary]: canary }))).not.toThrow(
      expect.objectContaining({ message: expect.stringContaining(canary) }),
    );
  });
});

describe('a trust file', () => {
  it('may name a key by its line of OpenSSH, and says thereby how it signs', () => {
    const publicKey = formatVerifyingKey({ publicKey: first, ssh: { type: 'ssh-ed25519' } });
    const { keys } = parseTrust(withPerson({ publicKey }));
    expect(keys.get(keyIdOf(first))).toEqual({ person: 'ann', role: 'approver', publicKey: first, ssh: { type: 'ssh-ed25519' } }); // prettier-ignore
  });
  it('names the log, the keyholder, and whose each key is', () => {
    const trust = parseTrust(file());
    expect(trust).toMatchObject({ origin, log: formatVerifierKey(origin, log), keyholder, quorum: { large: 2 } });
    expect([...trust.keys]).toEqual([
      [keyIdOf(first), { person: 'ann', role: 'approver', publicKey: first }],
      [keyIdOf(second), { person: 'bob', role: 'officer', publicKey: second }],
    ]);
  });
  it('may give one person two keys', () => {
    expect(parseTrust(file({ people: [personWith('ann', first), personWith('ann', second)] })).keys.size).toBe(2);
  });
  it('names the sources that seal, apart from whoever signs for people', () => {
    const { keys, sources } = parseTrust(file({ people: [], sources: [sourceWith('recorder', first)] }));
    expect([keys.size, [...sources]]).toEqual([0, [[keyIdOf(first), { person: 'recorder', publicKey: first }]]]);
  });
  it('may name nobody yet', () => expect(parseTrust(file({ people: [] })).keys.size).toBe(0));
});
