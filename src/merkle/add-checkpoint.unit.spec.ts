import { formatAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.js';

/** The example of C2SP tlog-witness. */
const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
const hashes = (count: number) => Array.from({ length: count }, () => new Uint8Array(32).fill(1));

it('a request is read and written as the specification has it', () => {
  const parsed = parseAddCheckpoint(body);
  expect(parsed).toMatchObject({ oldSize: 20_852_014, checkpoint: body.slice(body.indexOf('example.com')) });
  expect(parsed.proof).toHaveLength(4);
  expect(formatAddCheckpoint(parsed)).toBe(body);
});

it('a request has no proof from nothing, and none longer than 63 hashes', () => {
  expect(parseAddCheckpoint('old 0\n\nnote\n')).toEqual({ oldSize: 0, proof: [], checkpoint: 'note\n' });
  const longest = { oldSize: 1, proof: hashes(63), checkpoint: 'note\n' };
  expect(parseAddCheckpoint(formatAddCheckpoint(longest))).toEqual(longest);
  const tooLong = formatAddCheckpoint({ ...longest, proof: hashes(64) });
  expect(() => parseAddCheckpoint(tooLong)).toThrow('add_checkpoint_malformed');
});

it('a request is not written from no size, or with a proof of other than hashes', () => {
  const asked = { oldSize: 1, proof: hashes(1), checkpoint: 'note\n' };
  expect(() => formatAddCheckpoint({ ...asked, oldSize: -1 })).toThrow('oldSize: not an integer');
  expect(() => formatAddCheckpoint({ ...asked, proof: [new Uint8Array(31)] })).toThrow('proof hash: 31 bytes, not 32');
});

it.each([
  ['a leading zero', body.replace('old 2', 'old 02')],
  ['a sign', body.replace('old 2', 'old +2')],
  ['no size', body.replace('old 20852014\n', '')],
  ['another word', body.replace('old', 'new')],
  ['a size past 2^53', body.replace('20852014', '9007199254740993')],
  ['a short hash', body.replace('PlRN', '')],
  ['base64 that is not canonical', body.replace('kaw=', 'kax=')],
  ['a carriage return', body.replace('kaw=\n', 'kaw=\r\n')],
  ['no empty line', body.replaceAll('\n\n', '\n')],
  ['nothing', ''],
])('a request is malformed with %s', (_what, text) => {
  expect(() => parseAddCheckpoint(text)).toThrow('add_checkpoint_malformed');
});
