import { eachOnce, Together } from './together.js';

/** Answers when told to. */
class Slow {
  readonly groups: number[][] = [];
  private readonly ends: (() => void)[] = [];
  readonly ask = async (all: readonly number[]): Promise<readonly number[]> => {
    this.groups.push([...all]);
    await new Promise<void>((end) => this.ends.push(end));
    if (all.includes(0)) throw new Error('zero');
    return all.map((one) => one * 10);
  };
  end(): void {
    this.ends.shift()?.();
  }
}
const turns = async (count = 10) => {
  for (let n = 0; n < count; n += 1) await Promise.resolve();
};

describe('questions asked together', () => {
  it('of one turn are one call; those that come meanwhile wait for the next, and each has its own answer', async () => {
    const slow = new Slow();
    const together = new Together(slow.ask);
    const first = [together.of(1), together.of(2)];
    await turns();
    const later = [together.of(3), together.of(4)];
    await turns();
    expect(slow.groups).toEqual([[1, 2]]);
    slow.end();
    expect(await Promise.all(first)).toEqual([10, 20]);
    await turns();
    expect(slow.groups).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    slow.end();
    expect(await Promise.all(later)).toEqual([30, 40]);
  });

  it('fail together, and those after them do not', async () => {
    const slow = new Slow();
    const together = new Together(slow.ask);
    const failing = Promise.allSettled([together.of(0), together.of(1)]);
    await turns();
    slow.end();
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const after = together.of(2);
    await turns();
    slow.end();
    expect(await after).toBe(20);
  });

  it('fail, rather than get the answer of another, where one is missing', async () => {
    const together = new Together<number, number>(async (all) => all.slice(1));
    await expect(Promise.all([together.of(1), together.of(2)])).rejects.toThrow('an answer for each question');
  });

  it('are as many calls at a time as are allowed, and no more', async () => {
    const slow = new Slow();
    const together = new Together(slow.ask, 2);
    const all = [1, 2, 3].map(async (one) => {
      await turns(one * 5);
      return together.of(one);
    });
    await turns(40);
    expect(slow.groups).toEqual([[1], [2]]);
    slow.end();
    await turns();
    expect(slow.groups).toEqual([[1], [2], [3]]);
    slow.end();
    slow.end();
    expect(await Promise.all(all)).toEqual([10, 20, 30]);
  });
});

it('a question that several of a group ask is there once, and each finds its own', () => {
  const { once, placeOf } = eachOnce(['b', 'a', 'b', 'c', 'a'], (one) => one);
  expect(once).toEqual(['b', 'a', 'c']);
  expect(placeOf).toEqual([0, 1, 0, 2, 1]);
});
