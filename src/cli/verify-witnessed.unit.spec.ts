import { cosign, formatCosignerKey } from '../merkle/cosignature.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { ed25519Signer } from '../merkle/note.js';
import { formatEvidence, type Evidence } from '../witness/evidence.js';
import { prefixProof } from '../merkle/tree.js';
import { cosignerKey, knownLog, logKey, PaperLog, witnessSigner } from '../witness/paper-log.spec.js';
import { namedLogKey } from './receipt.js';
import { namedWitnesses } from './required-witnesses.js';
import { checkpointVerdictText, verifyCheckpoint } from './verify-checkpoint.js';
import { evidenceVerdictText, verifyEvidence } from './verify-evidence.js';

const key = namedLogKey(logKey);
const log = PaperLog.of(20);
const second = ed25519Signer('witness.example/w2', new Uint8Array(32).fill(3));
const secondKey = formatCosignerKey(second.name, second.publicKey);
const note = log.checkpoint(9);
const one = note + cosign(note, witnessSigner, 1_800_000_000);
const both = one + cosign(note, second, 1_800_000_001);

describe('a checkpoint with witnesses named', () => {
  const verdict = (text: string, keys: readonly string[], needed?: string) =>
    verifyCheckpoint(text, key, namedWitnesses(keys, needed));

  it('is verified if all of them cosigned, or as many as are asked for', () => {
    expect(verdict(both, [cosignerKey, secondKey])).toMatchObject({ ok: true, size: 9, cosignatures: [{ witness: witnessSigner.name, at: 1_800_000_000_000 }, { witness: second.name }] }); // prettier-ignore
    expect(verdict(one, [cosignerKey, secondKey], '1')).toMatchObject({ ok: true, cosignatures: [{ witness: witnessSigner.name }] }); // prettier-ignore
    expect(checkpointVerdictText(verdict(one, [cosignerKey]))).toBe(
      'Verified: custos.example/paper signed a checkpoint over 9 entries\n  cosigned by witness.example/w1 at 2027-01-15T08:00:00.000Z',
    );
  });

  it.each([
    ['one too few', one, [cosignerKey, secondKey], undefined],
    ['none', note, [cosignerKey], undefined],
    [
      'one that was moved from another checkpoint',
      log.checkpoint(8) + one.slice(note.length),
      [cosignerKey],
      undefined,
    ],
    ['a bad one beside a good one', both.replace(/.{20}\n$/, 'AAAAAAAAAAAAAAAAAAA=\n'), [cosignerKey, secondKey], '1'],
  ])('is not, with %s', (_what, text, keys, needed) => {
    expect(verdict(text, keys, needed)).toMatchObject({ ok: false, problems: [{ check: 'cosignatures' }] });
  });

  it('and without any named, it is verified as before', () => {
    expect(verifyCheckpoint(both, key, undefined)).not.toHaveProperty('cosignatures');
    expect(verifyCheckpoint(both.replace('\n9\n', '\n8\n'), key, undefined)).toMatchObject({ ok: false, problems: [{ check: 'checkpoint_signature' }] }); // prettier-ignore
  });

  it.each([
    ['a key twice', () => namedWitnesses([cosignerKey, cosignerKey])],
    ['one key under two names', () => namedWitnesses([cosignerKey, formatCosignerKey('x', witnessSigner.publicKey)])],
    ['the key of a log', () => namedWitnesses([logKey])],
    ['more than are named', () => namedWitnesses([cosignerKey], '2')],
    ['none of them', () => namedWitnesses([cosignerKey], '0')],
    ['a number of nobody', () => namedWitnesses([], '1')],
  ])('%s is wrong use', (_what, named) => {
    expect(named).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('evidence of a witness', () => {
  const of = async (shown: PaperLog, sizes: readonly [number, number], kind: Evidence['kind'] = 'fork') => {
    const [witnessed, later] = sizes;
    const hashes = later < witnessed ? [] : await prefixProof(shown.tree(later), witnessed, later);
    const proof = hashes.map((hash) => Buffer.from(hash).toString('base64'));
    return formatEvidence({ v: 1, kind, seenAt: 1_800_000_000_000, witnessed: log.checkpoint(witnessed), shown: shown.checkpoint(later), proof }); // prettier-ignore
  };

  it.each([
    [9, 9],
    [8, 15],
    [9, 15],
  ])('proves a fork, of %d and %d entries', async (...sizes) => {
    const verdict = verifyEvidence(await of(log.forkedAt(3), sizes), key);
    expect(verdict).toMatchObject({ ok: true, proves: 'fork', sizes });
    expect(evidenceVerdictText(verdict)).toMatch(/^PROVEN: custos.example\/paper signed two histories/);
  });

  it('does not prove one of a log that goes on, or that others signed, or with hashes that are none', async () => {
    expect(verifyEvidence(await of(log, [9, 15]), key)).toMatchObject({ ok: false, problems: [{ check: 'no_fork' }] });
    const forged = (await of(log.forkedAt(3), [9, 15])).replaceAll(knownLog.origin, 'custos.example/other');
    expect(verifyEvidence(forged, key)).toMatchObject({ ok: false, problems: [{ check: 'checkpoint_signature' }] });
    const proof = (await of(log.forkedAt(3), [9, 15])).replace(/"[A-Za-z0-9+/]{43}=",/, '"AAAA",');
    expect(verifyEvidence(proof, key)).toMatchObject({ ok: false, problems: [{ check: 'no_fork' }] });
    for (const text of ['{}', '{', '{"v":2}']) {
      expect(verifyEvidence(text, key)).toMatchObject({ ok: false, problems: [{ check: 'evidence_form' }] });
    }
  });

  it('of a rollback is called the word of the witness, and is none of a log that grew', async () => {
    const verdict = verifyEvidence(await of(log, [9, 5], 'rollback'), key);
    expect(verdict).toMatchObject({ ok: true, proves: 'rollback' });
    expect(evidenceVerdictText(verdict)).toContain('is the word of the witness');
    expect(verifyEvidence(await of(log, [5, 9], 'rollback'), key)).toMatchObject({ ok: false });
    expect(openCheckpoint(note, knownLog.origin, key.verifiers).size).toBe(9);
  });
});
