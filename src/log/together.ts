/** More than these go on in the next call: an array in a statement has its price too. */
const mostAtOnce = 256;

interface Waiting<A, R> {
  readonly asked: A;
  readonly resolve: (answer: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Questions that come while one is under way share the next: what a database is asked by many at once, it is asked once.
 * `ask` gets all of them and answers in their order. It begins after the last of them came, so nobody gets an answer from before
 * they asked. Where it fails, it has failed for all of them.
 */
export class Together<A, R> {
  private waiting: Waiting<A, R>[] = [];
  private running = 0;

  /** `atOnce` calls are under way at most, each of which takes whoever waits. */
  constructor(
    private readonly ask: (all: readonly A[]) => Promise<readonly R[]>,
    private readonly atOnce = 1,
  ) {}

  of(asked: A): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ asked, resolve, reject });
      if (this.running < this.atOnce) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running += 1;
    // Whoever asks in this same turn comes along.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, mostAtOnce);
      try {
        const answers = await this.ask(group.map(({ asked }) => asked));
        if (answers.length !== group.length) throw new Error('an answer for each question');
        group.forEach(({ resolve }, index) => resolve(answers[index] as R));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.running -= 1;
  }
}

/** Each question of a group once, whoever asks it, and for each of the group the place of its own among them. */
export function eachOnce<A>(group: readonly A[], keyOf: (asked: A) => string): { once: A[]; placeOf: number[] } {
  const places = new Map<string, number>();
  const once: A[] = [];
  const placeOf = group.map((asked) => {
    const key = keyOf(asked);
    const place = places.get(key) ?? once.push(asked) - 1;
    places.set(key, place);
    return place;
  });
  return { once, placeOf };
}
