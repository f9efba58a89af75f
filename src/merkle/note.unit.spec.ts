import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { ed25519Signer, formatVerifierKey, onlySignedBy, openNote, parseNote, parseVerifierKey, signNote, signatureLine } from './note.js'; // prettier-ignore
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';

/** The published example of Go's sumdb/note package: a key and a note that we did not make. */
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterNote =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const signer = ed25519Signer('log.example', randomBytes(32));
const verifier = parseVerifierKey(formatVerifierKey(signer.name, signer.publicKey));
const stranger = ed25519Signer('log.example', randomBytes(32));
const strangersKey = parseVerifierKey(formatVerifierKey(stranger.name, stranger.publicKey));

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
    ['a signature of 63 bytes', peterNote.replace(/[^ ]+\n$/, `${Buffer.from('c74f20a3' + '00'.repeat(63), 'hex').toString('base64')}\n`)],
    ['a key id and no signature', `${peterNote}— other x08goA==\n`],
    ['a name with a plus', `${peterNote}— a+b x08goAA=\n`],
    ['half a character', peterNote.replace('cryptography', '\ud800')],
    ['no empty line', peterNote.replace('\n\n', '\n')],
    ['something before a signature', peterNote.replace('— ', 'x— ')],
    ['something after a signature', peterNote.replace(/\n$/, ' x\n')],
    ['another character for its last line end', peterNote.replace(/\n$/, 'x')],
    ['the name of somebody else before our signature', peterNote.replace('— PeterNeumann', '— Peter')],
  ])('is refused with %s', (_what, note) => {
    expect(() => openNote(note, [parseVerifierKey(peterKey)])).toThrow('note_refused');
  }); // prettier-ignore

  it('has at most a hundred signatures, and 64 Ki characters', () => {
    const line = signNote('text\n', stranger).split('\n\n')[1] as string;
    const signedBy = (others: number) => signNote('text\n', signer) + line.repeat(others);
    expect(openNote(signedBy(99), [verifier]).signedBy).toEqual(['log.example']);
    expect(() => openNote(signedBy(100), [verifier])).toThrow('note_refused');
    const room = 64 * 1024 - signNote('\n', signer).length;
    expect(openNote(signNote(`${'x'.repeat(room)}\n`, signer), [verifier]).text).toHaveLength(room + 1);
    expect(() => openNote(signNote(`${'x'.repeat(room + 1)}\n`, signer), [verifier])).toThrow('note_refused');
  });

  it('is spoilt by a bad signature of a key that we know, beside a good one', () => {
    const bad = signatureLine(signer.name, verifier.keyId, new Uint8Array(64));
    expect(() => openNote(signNote('text\n', signer) + bad, [verifier])).toThrow('note_refused');
  });

  it('can be passed on without the lines of others', () => {
    const line = signNote('text\n', stranger).split('\n\n')[1] as string;
    const own = signNote('text\n', signer);
    expect(onlySignedBy(own + line, [verifier])).toBe(own);
    expect(parseNote(own + line).signatures).toHaveLength(2);
    expect(onlySignedBy(own + line, [verifier, strangersKey])).toBe(own + line);
  });

  it.each([
    ['no whole line', 'text'],
    ['half a character', '\ud800\n'],
    ['a carriage return', 'text\r\n'],
    ['the character that deletes', '\x7f\n'],
  ])('is not signed over %s', (_what, text) => expect(() => signNote(text, signer)).toThrow('text: not whole lines'));

  it('is not signed under a name that is none, nor with anything but 64 bytes', () => {
    for (const name of ['', 'a b', 'a+b', 'a\tb', 'a\x01']) {
      expect(() => signNote('text\n', { ...signer, name })).toThrow('text: not whole lines');
      expect(() => formatVerifierKey(name, signer.publicKey)).toThrow('verifier_key_malformed');
    }
    const short = { ...signer, sign: () => new Uint8Array(63) };
    expect(() => signNote('text\n', short)).toThrow('signature: 63 bytes, not 64');
    expect(() => ed25519Signer('log.example', new Uint8Array(31))).toThrow('seed: 31 bytes, not 32');
    expect(() => formatVerifierKey('log.example', new Uint8Array(31))).toThrow('public key: 31 bytes, not 32');
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
    `x ${peterKey}`,
    `${peterKey}\n`,
    peterKey.replace('TW', 'T'),
    peterKey.replace('c74f20a3', 'C74F20A3'),
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

  it('is not written with an origin that is no line, or a root or size that is none', () => {
    for (const origin of ['', 'log\nexample', 'log.example\r']) {
      expect(() => formatCheckpoint({ ...checkpoint, origin })).toThrow('origin: not one line');
    }
    expect(() => formatCheckpoint({ ...checkpoint, root: new Uint8Array(31) })).toThrow('root: 31 bytes, not 32');
    expect(() => formatCheckpoint({ ...checkpoint, size: -1 })).toThrow('size: not an integer');
    expect(parseCheckpoint(formatCheckpoint({ ...checkpoint, size: 0 })).size).toBe(0);
  });

  it('is refused as a note is, and a mistake of our own is not taken for that', () => {
    const note = signCheckpoint(checkpoint, signer);
    expect(() => openCheckpoint(signNote('text\n', signer), 'log.example', [verifier])).toThrow('checkpoint_refused');
    expect(() => openCheckpoint(note, 'log.example', undefined as never)).toThrow(TypeError);
  });

  it.each([
    ['something before it', (text: string) => `\n${text}`],
    ['a carriage return', (text: string) => text.replace('example', 'example\r')],
    ['a root of 33 bytes', (text: string) => text.replace('Bwc=', 'BwcH')],
    ['a leading zero', (text: string) => text.replace('20852163', '020852163')],
    ['an extension line', (text: string) => `${text}more\n`],
    ['no size', (text: string) => text.replace('20852163', '')],
    ['a size past 2^53', (text: string) => text.replace('20852163', '9007199254740993')],
    ['a size below nothing', (text: string) => text.replace('20852163', '-20852163')],
    ['a size that is written otherwise', (text: string) => text.replace('20852163', '20852163.0')],
    ['no origin', (text: string) => text.replace('log.example', '')],
    ['a root of 31 bytes', (text: string) => text.replace('cHBwc=', 'cHBw==')],
    ['a space in its root', (text: string) => text.replace('Bwc=', 'Bw c=')],
    ['no line but its origin', () => 'log.example'],
    ['non-canonical base64', (text: string) => text.replace('Bwc=', 'Bwd=')],
    ['no line end', (text: string) => text.trimEnd()],
  ])('is refused with %s', (_what, break_) => {
    expect(() => parseCheckpoint(break_(formatCheckpoint(checkpoint)))).toThrow('checkpoint_malformed');
  });
});

describe('a tlog-proof', () => {
  const proof = { index: 5, proof: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)], checkpoint: peterNote };

  it('reads back, with and without extra data', () => {
    for (const index of [0, 5, 10, 20_852_163, Number.MAX_SAFE_INTEGER]) {
      expect(parseTlogProof(formatTlogProof({ ...proof, index }))).toStrictEqual({ ...proof, index });
    }
    const more = { ...proof, extra: Uint8Array.of(1, 2, 3) };
    expect(parseTlogProof(formatTlogProof(more))).toEqual(more);
  });

  it('has at most 64 hashes, of 32 bytes, and an index that a number counts', () => {
    const hashes = (count: number) => ({ ...proof, proof: Array.from({ length: count }, () => new Uint8Array(32)) });
    expect(parseTlogProof(formatTlogProof(hashes(64)))).toEqual(hashes(64));
    expect(() => parseTlogProof(formatTlogProof(hashes(65)))).toThrow('tlog_proof_malformed');
    expect(() => formatTlogProof({ ...proof, index: -1 })).toThrow('index: not an integer');
    expect(() => formatTlogProof({ ...proof, proof: [new Uint8Array(31)] })).toThrow('proof hash: 31 bytes, not 32');
  });

  it('is a line each, then the checkpoint as it is', () => {
    const text = formatTlogProof({
      index: 5,
      proof: [new Uint8Array(32)],
      checkpoint: 'note\n',
      extra: Uint8Array.of(1),
    });
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nextra AQ==\nindex 5\n${'A'.repeat(43)}=\n\nnote\n`);
    const none = { index: 0, proof: [], checkpoint: 'note\n' };
    expect(parseTlogProof('c2sp.org/tlog-proof@v1\nindex 0\n\nnote\n')).toEqual(none);
  });

  it.each([
    ['nothing', () => ''],
    ['no index', (text: string) => text.replace('index 5\n', '')],
    ['something before its index', (text: string) => text.replace('index', 'xindex')],
    ['an index that is no number', (text: string) => text.replace('index 5', 'index 5x')],
    ['an index past 2^53', (text: string) => text.replace('index 5', 'index 9007199254740993')],
    ['an index below nothing', (text: string) => text.replace('index 5', 'index -5')],
    ['an index that is written otherwise', (text: string) => text.replace('index 5', 'index 0x5')],
    ['an index of no digits', (text: string) => text.replace('index 5', 'index ')],
    ['no empty line', (text: string) => text.replaceAll('\n\n', '\n')],
    ['no first line', (text: string) => text.replace(/^.*\n/, '')],
    ['extra data after its index', (text: string) => text.replace('index 5\n', 'index 5\nextra AQID\n')],
    ['a long hash', (text: string) => text.replace('AQEBAQ', 'AQEBAQEBAQ')],
    ['base64 that is not canonical', (text: string) => text.replace('AQE=', 'AQF=')],
    ['another version', (text: string) => text.replace('@v1', '@v2')],
    ['a leading zero', (text: string) => text.replace('index 5', 'index 05')],
    ['a short hash', (text: string) => text.replace('AQEBAQ', 'AQ')],
    ['no checkpoint', (text: string) => text.split('\n\n')[0] as string],
  ])('is refused with %s', (_what, break_) => {
    expect(() => parseTlogProof(break_(formatTlogProof(proof)))).toThrow('tlog_proof_malformed');
  });
});
