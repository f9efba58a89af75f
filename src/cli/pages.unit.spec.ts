import type { Client, Query } from './client.js';
import { allOf } from './pages.js';

/** Answers with each page in turn, and says what it was asked for. */
function answering(...pages: object[]) {
  const asked: Query[] = [];
  const get = (_path: string, query: Query = {}) => {
    asked.push(query);
    return Promise.resolve(pages[asked.length - 1] ?? { acts: ['once too often'], next: null });
  };
  return { asked, client: { get } as Partial<Client> as Client };
}

describe('a list is read', () => {
  it('to its last page, with what was asked for', async () => {
    const { asked, client } = answering({ acts: [1, 2], next: 7 }, { acts: [3], next: null });
    expect(await allOf(client, '/v1/acts', 'acts', { state: 'open' })).toEqual([1, 2, 3]);
    expect(asked).toEqual([
      { state: 'open', after: -1 },
      { state: 'open', after: 7 },
    ]);
  });
  it('forward only', async () => {
    const { asked, client } = answering({ acts: [1], next: 7 }, { acts: [2], next: 7 });
    expect(await allOf(client, '/v1/acts', 'acts')).toEqual([1, 2]);
    expect(asked).toHaveLength(2);
  });
});
