import type { Judge } from '../../src/keys/keyholder-port.js';
import type { Log } from '../../src/log/log.js';
import { heats, programmePaused } from '../races/heats.js';
import { judgeRaces, ruleText, type Violation } from '../races/judge-races.js';
import { RaceTrack, type Broken, type End } from '../races/race-track.js';
import { randomFrom, shuffled } from '../shuffled.js';

/**
 * Whoever reads races whoever ends it, on two instances at once. `RACES` says how many races there are, `RACES_SEED` which;
 * how the operating system interleaves them no seed can say.
 */
const races = Number(process.env.RACES ?? 6_000);
const firstSeed = Number(process.env.RACES_SEED ?? Date.now() % 1_000_000);
/** A log to itself for so many: a judge reads it whole, and what was locked once is not dragged along. */
const racesATrack = 2500;
/** More than there are in all heats once: each of them is run. */
const roundOfHeats = 700;

interface Came {
  readonly races: number;
  readonly ends: ReadonlyMap<End, number>;
  readonly violations: readonly Violation[];
}

async function run(seed: number, least: number, broken?: Broken): Promise<Came> {
  const track = await RaceTrack.open(randomFrom(seed), broken);
  try {
    while (track.races < least) {
      for (const heat of shuffled(Object.values(heats), track.random)) {
        if (track.races < least) await heat(track);
      }
    }
    await programmePaused(track);
    return { races: track.races, ends: track.ends, violations: judgeRaces(await track.raced()) };
  } finally {
    await track.vault.stop();
  }
}

const told = (violations: readonly Violation[], seed: number) =>
  violations.slice(0, 5).map(({ rule, what }) => `${ruleText(rule)}: ${what} (RACES_SEED=${seed})`);

describe('nothing is released above what ends it, and no budget is overrun', () => {
  it(`in ${races} races of two instances`, async () => {
    const ends = new Map<End, number>();
    let done = 0;
    for (let seed = firstSeed; done < races; seed += 1) {
      const came = await run(seed, Math.min(racesATrack, races - done));
      expect(told(came.violations, seed)).toEqual([]);
      done += came.races;
      for (const [end, count] of came.ends) ends.set(end, (ends.get(end) ?? 0) + count);
    }
    process.stderr.write(`  ${done} races: ${[...ends].map(([end, count]) => `${count} ${end}`).join(', ')}\n`);
    // Each way in which a race can end was met: not all of them were over before they began.
    const met = ['released', 'disclosure_denied', 'disclosure_stopped', 'keyholder_refused', 'subject_erased', 'stored', 'suppressed']; // prettier-ignore
    if (done >= racesATrack) expect(met.filter((end) => !ends.has(end as End))).toEqual([]);
  }, 1_800_000);
});

/** As it was known before the head was taken: what a cache would answer with. */
const decidesBeforeTheHead = (log: Log): Log =>
  new Proxy(log, {
    get: (of, name) => {
      if (name !== 'append') return Reflect.get(of, name, of) as unknown;
      const append: Log['append'] = (command, decide) => {
        const { state } = of;
        return of.append(command, (head) => decide({ size: head.size, at: head.at, of: (key) => state.of(key) }));
      };
      return append;
    },
  });
const believesTheService: Judge = {
  judge: (_before, { data, subject }) => {
    const all = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const rests = { rests: 'on signatures', expiresAt: Infinity } as const;
    return subject === undefined
      ? { allowed: false }
      : { allowed: true, subject, session: data.session, ...all, ...rests };
  },
  mustStop: () => false,
};

describe('the races find', () => {
  it.each<[what: string, broken: Broken, rules: Violation['rule'][]]>([
    [
      'a service that decides before it has the head',
      { service: decidesBeforeTheHead },
      ['written_above', 'over_budget'],
    ],
    [
      'a keyholder that believes what the log holds',
      { keyholder: believesTheService },
      ['released_above', 'released_after', 'over_budget'],
    ],
  ])(
    '%s',
    async (_what, broken, rules) => {
      const found = new Set<Violation['rule']>();
      // Whether a race is close enough in one round is chance.
      for (let round = 0; round < 8 && !rules.every((rule) => found.has(rule)); round += 1) {
        const { violations } = await run(firstSeed + round, roundOfHeats, broken);
        for (const { rule } of violations) found.add(rule);
      }
      expect([...found]).toEqual(expect.arrayContaining(rules));
    },
    600_000,
  );
});
