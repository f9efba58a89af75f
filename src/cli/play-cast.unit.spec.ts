import { castEvents } from './cast-events.js';
import { playCast } from './play-cast.js';

const recording = [
  { version: 2, width: 80, height: 24 },
  [1, 'o', 'one '],
  [1.5, 'i', 'typed'],
  [2, 'o', 'two '],
  [60, 'o', '\u001b]52;c;aGk=\u0007three'],
];

async function played(pace: { speed: number; idleSeconds: number }, endsAt = Infinity) {
  const seen: (string | number)[] = [];
  await playCast(castEvents(recording), pace, {
    write: (text) => void seen.push(text),
    wait: (ms) => Promise.resolve(seen.push(ms) < endsAt),
  });
  return seen;
}

describe('a terminal is played', () => {
  it('in its own time, no wait longer than the limit, and without what a terminal would obey', async () => {
    expect(await played({ speed: 1, idleSeconds: 3 })).toEqual([1000, 'one ', 1000, 'two ', 3000, 'three']);
  });

  it('so many times as fast', async () => {
    expect(await played({ speed: 4, idleSeconds: 2 })).toEqual([250, 'one ', 250, 'two ', 500, 'three']);
  });

  it('until whoever watches has had enough', async () => {
    expect(await played({ speed: 1, idleSeconds: 3 }, 3)).toEqual([1000, 'one ', 1000]);
  });
});
