import { CosignedCheckpoints } from './cosigned-checkpoints.js';

const at = (size: number) => ({ size, checkpoint: `log.example\n${size}\nroot\n\n— log.example sig\n` });
let cosigned: CosignedCheckpoints;
beforeEach(() => {
  cosigned = new CosignedCheckpoints();
});

it('there is none before somebody has cosigned', () => {
  expect(cosigned.by(1)).toBeUndefined();
  expect(cosigned.on(at(5))).toBe(at(5).checkpoint);
});

it('the newest is the one with enough of them, whoever is slow', () => {
  cosigned.add(at(5), 'a', '— a\n');
  cosigned.add(at(5), 'b', '— b\n');
  cosigned.add(at(9), 'a', '— a9\n');
  expect(cosigned.by(1)).toEqual({ size: 9, checkpoint: `${at(9).checkpoint}— a9\n` });
  expect(cosigned.by(2)).toEqual({ size: 5, checkpoint: `${at(5).checkpoint}— a\n— b\n` });
  expect(cosigned.by(3)).toBeUndefined();
  cosigned.add(at(9), 'b', '— b9\n');
  expect(cosigned.by(2)?.size).toBe(9);
});

it('one counts once, with its last word', () => {
  cosigned.add(at(5), 'a', '— a1\n');
  cosigned.add(at(5), 'a', '— a2\n');
  expect(cosigned.by(1)?.checkpoint).toBe(`${at(5).checkpoint}— a2\n`);
  expect(cosigned.by(2)).toBeUndefined();
});

it('one that comes late does not bring an older one back', () => {
  cosigned.add(at(9), 'a', '— a\n');
  cosigned.add(at(5), 'b', '— b\n');
  expect(cosigned.by(1)?.size).toBe(9);
});

it('what is kept is bounded', () => {
  cosigned.add(at(1), 'a', '— a\n');
  cosigned.add(at(1), 'b', '— b\n');
  for (let size = 2; size < 1000; size += 1) cosigned.add(at(size), 'a', '— a\n');
  expect(cosigned.by(2)?.size).toBe(1);
  expect((cosigned as unknown as { lines: Map<string, unknown> }).lines.size).toBeLessThanOrEqual(64);
});
