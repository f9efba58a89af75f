import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { ed25519Signer, formatVerifierKey, openNote, parseVerifierKey, signNote } from './note.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';

/** The published example of Go's sumdb/note package: a key and a note that we did not make. */
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterNote =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const signer = ed25519Signer('log.example', randomBytes(32));
const verifier = parseVerifierKey(formatVerifierKey(signer.name, signer.publicKey));
const stranger = ed25519Signer('log.example', randomBytes(32));

describe('a note', () => {
  it('that others signed opens', () => {
    const { text, signedBy } = openNote(peterNote, [parseVerifierKey(peterKey)]);
    expect(text.endsWith('what your problem is.\n')).toBe(true);
    expect(signedBy).toEqual(['PeterNeumann']);
  });

  it.each([
    ['another text', peterNote.replace('cryptography', 'cryptograph')],
    ['another signature', peterNote.replace('x08go/ZJ', 'x08go/ZK')],
    ['no signature', peterNote.split('\n\n')[0] + '\n\n'],
    ['a line behind its end', `${peterNote}x`],
    ['a carriage return', peterNote.replace('problem,\n', 'problem,\r\n')],
    ['a hyphen for the dash', peterNote.replace('— ', '- ')],
    ['non-canonical base64', peterNote.replace('JnAM=', 'JnAN=')],
  ])('is refused with %s', (_what, note) => {
    expect(() => openNote(note, [parseVerifierKey(peterKey)])).toThrow('note_refused');
  });

  it('is refused if only strangers signed it, and opens with a stranger beside', () => {
    const strangers = signNote('text\n', stranger);
    expect(() => openNote(strangers, [verifier])).toThrow('note_refused');
    const line = strangers.split('\n\n')[1] as string;
    expect(openNote(signNote('text\n', signer) + line, [verifier]).signedBy).toEqual(['log.example']);
  });

  it('opens again whatever its text', () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (lines) => {
        const text = `${lines.join('\n').replaceAll(/[^\n\P{Cc}]/gu, '')}\n`;
        expect(openNote(signNote(text, signer), [verifier]).text).toBe(text);
      }),
    ));

  it.each([
    'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'x',
    '',
    `${peterKey}=`,
    peterKey.replace('ARpc', 'AhPc'),
  ])('has no verifier key %s', (text) => expect(() => parseVerifierKey(text)).toThrow('verifier_key_malformed'));
});

describe('a checkpoint', () => {
  const checkpoint = { origin: 'log.example', size: 20_852_163, root: new Uint8Array(32).fill(7) };

  it('has three lines, and opens for its own origin only', () => {
    expect(formatCheckpoint(checkpoint)).toBe('log.example\n20852163\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n');
    const note = signCheckpoint(checkpoint, signer);
    expect(openCheckpoint(note, 'log.example', [verifier])).toEqual(checkpoint);
    expect(() => openCheckpoint(note, 'other.example', [verifier])).toThrow('checkpoint_refused');
    expect(() => openCheckpoint(signCheckpoint(checkpoint, stranger), 'log.example', [verifier])).toThrow(
      'checkpoint_refused',
    );
  });

  it.each([
    ['a leading zero', (text: string) => text.replace('20852163', '020852163')],
    ['an extension line', (text: string) => `${text}more\n`],
    ['no size', (text: string) => text.replace('20852163', '')],
    ['a size past 2^53', (text: string) => text.replace('20852163', '9007199254740993')],
    ['non-canonical base64', (text: string) => text.replace('Bwc=', 'Bwd=')],
    ['no line end', (text: string) => text.trimEnd()],
  ])('is refused with %s', (_what, break_) => {
    expect(() => parseCheckpoint(break_(formatCheckpoint(checkpoint)))).toThrow('checkpoint_malformed');
  });
});

describe('a tlog-proof', () => {
  const proof = { index: 5, proof: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)], checkpoint: peterNote };

  it('reads back, with and without extra data', () => {
    expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof);
    const more = { ...proof, extra: Uint8Array.of(1, 2, 3) };
    expect(parseTlogProof(formatTlogProof(more))).toEqual(more);
  });

  it.each([
    ['another version', (text: string) => text.replace('@v1', '@v2')],
    ['a leading zero', (text: string) => text.replace('index 5', 'index 05')],
    ['a short hash', (text: string) => text.replace('AQEBAQ', 'AQ')],
    ['no checkpoint', (text: string) => text.split('\n\n')[0] as string],
  ])('is refused with %s', (_what, break_) => {
    expect(() => parseTlogProof(break_(formatTlogProof(proof)))).toThrow('tlog_proof_malformed');
  });
});
