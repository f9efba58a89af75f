import { parseKeep } from './retention.js';

describe('what to keep is refused', () => {
  it.each([
    ['a wildcard', ['*=3']],
    ['no length', ['screen']],
    ['no day', ['screen=0']],
    ['a field that there is not', ['screens=3']],
    ['hours', ['screen=3h']],
    ['one field twice', ['screen=3', 'screen=4']],
    ['one class twice', ['strict=3', 'strict=4']],
  ])('with %s', (_what, kept) => {
    expect(() => parseKeep(kept)).toThrow('usage');
  });
});

describe('what to keep', () => {
  it('names every field of a class, and a field by itself says more than its class', () => {
    expect(parseKeep(['strict=14', 'other=forever', 'url=30'])).toEqual([
      { field: 'screen.video', days: 14 },
      { field: 'conversation', days: 14 },
      { field: 'performance', days: 14 },
      { field: 'raised', days: 14 },
      { field: 'other', days: null },
      { field: 'url', days: 30 },
    ]);
  });
});
