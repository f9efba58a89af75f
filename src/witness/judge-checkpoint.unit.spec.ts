import fc from 'fast-check';
import { openCheckpoint, signCheckpoint } from '../merkle/checkpoint.js';
import { ed25519Signer } from '../merkle/note.js';
import { judgeCheckpoint, readSubmission } from './judge-checkpoint.js';
import { knownLog, logSigner, PaperLog, witnessSigner } from './paper-log.spec.js';

const log = PaperLog.of(40);
const logs = new Map([[knownLog.origin, knownLog]]);
const at = (size: number, of = log) => openCheckpoint(of.checkpoint(size), knownLog.origin, knownLog.verifiers);

/** What a witness that is at `latest` says to this body. */
function judged(latest: number, body: string): string {
  const submission = readSubmission(body, logs);
  if (submission.kind !== 'submitted') return submission.kind;
  return judgeCheckpoint(latest === 0 ? undefined : at(latest), submission.log, submission.asked).kind;
}

describe('a checkpoint is not cosigned', () => {
  it.each<[kind: string, what: string, body: () => string | Promise<string>]>([
    ['malformed', 'no request', () => 'nonsense'],
    ['malformed', 'a note without a signature', async () => (await log.body(5, 9)).split('\n— ')[0] as string],
    ['malformed', 'an old size above its own', () => log.body(9, 7)],
    ['malformed', 'an extension line', async () => (await log.body(5, 9)).replace('\n\n—', '\nmore\n\n—')],
    ['origin_unknown', 'another log', async () => (await log.body(5, 9)).replaceAll(logSigner.name, 'example.com/other')], // prettier-ignore
    ['signature_refused', 'another key of that name', async () => (await log.body(5, 9)).replace(log.checkpoint(9), log.checkpoint(9, ed25519Signer(logSigner.name, new Uint8Array(32).fill(5))))], // prettier-ignore
    ['signature_refused', 'a bad signature of the right key beside a good one', async () => `${await log.body(5, 9)}${log.checkpoint(8).split('\n\n')[1] ?? ''}`], // prettier-ignore
    ['size_differs', 'an older one that was cosigned already', () => log.body(0, 3)],
    ['size_differs', 'a proof from further back', () => log.body(4, 9)],
    ['size_differs', 'a proof from further on', () => log.body(6, 9)],
    ['size_differs', 'no proof, as if the log were new', () => log.body(0, 9)],
    ['root_differs', 'another root of that size', () => log.forkedAt(2).body(5, 5)],
    ['proof_refused', 'another history', () => log.forkedAt(2).body(5, 9)],
    ['proof_refused', 'a proof of another size', async () => (await log.body(5, 9)).replace(log.checkpoint(9), log.checkpoint(10))], // prettier-ignore
    ['proof_refused', 'a proof where none is needed', async () => (await log.body(5, 9)).replace(log.checkpoint(9), log.checkpoint(5))], // prettier-ignore
    ['proof_refused', 'no proof where one is needed', async () => `old 5\n\n${log.checkpoint(9)}`],
  ])('%s: %s', async (kind, _what, body) => {
    expect(judged(5, await body())).toBe(kind);
  });

  it('proof_refused: a proof from nothing, or an empty tree with a root', async () => {
    const proof = (await log.body(5, 9)).split('\n')[1] as string;
    expect(judged(0, `old 0\n${proof}\n\n${log.checkpoint(9)}`)).toBe('proof_refused');
    const empty = signCheckpoint({ origin: logSigner.name, size: 0, root: new Uint8Array(32) }, logSigner);
    expect(judged(0, `old 0\n\n${empty}`)).toBe('proof_refused');
  });
});

describe('a checkpoint is cosigned', () => {
  it('if it is the first, the same, or continues the last', async () => {
    expect(judged(0, await log.body(0, 9))).toBe('cosign');
    expect(judged(5, await log.body(5, 5))).toBe('cosign');
    expect(judged(5, await log.body(5, 6))).toBe('cosign');
    expect(judged(4, await log.body(4, 40))).toBe('cosign');
  });

  it('whoever else signed it', async () => {
    const stranger = log.checkpoint(9, witnessSigner).split('\n\n')[1] ?? '';
    expect(judged(5, `${await log.body(5, 9)}${stranger}`)).toBe('cosign');
  });

  it('exactly if the one before is a beginning of it', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(39), fc.nat(40), async (from, more, fork) => {
        const to = Math.min(from + more, 40);
        const later = log.forkedAt(fork);
        const isContinued = Buffer.compare(at(from).root, at(from, later).root) === 0;
        expect(judged(from, await later.body(from, to)) === 'cosign').toBe(isContinued);
      }),
    ));
});
