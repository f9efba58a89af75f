import { createHash } from 'node:crypto';
import { commandHash, namedBy } from './command-hash.js';

const hashOf = (command: string) =>
  commandHash({ actor: 'tester', command, digest: new Uint8Array(32), count: 1, answer: '{}' });
const [one, other, third] = ['one', 'other', 'third'].map(hashOf) as [Uint8Array, Uint8Array, Uint8Array];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a header names', () => {
  it('one command by its own hash', () => expect(namedBy([one])).toEqual(one));

  it('several by all of theirs, as docs/formats/log.md says, in whatever order they are read', () => {
    const sorted = [one, other, third].map(hex).sort().join('');
    const bytes = Buffer.concat([Buffer.from('custos/commands/v1'), Buffer.from(sorted, 'hex')]);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(hex(namedBy([one, other, third]))).toBe(expected);
    expect(hex(namedBy([third, one, other]))).toBe(expected);
  });

  it('not the same with one of them more, less or twice', () => {
    const names = [[one], [one, other], [one, one], [one, other, third]].map((hashes) => hex(namedBy(hashes)));
    expect(new Set(names).size).toBe(names.length);
  });
});
