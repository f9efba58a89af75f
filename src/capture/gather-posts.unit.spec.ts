import { setTimeout as sleep } from 'node:timers/promises';
import { AnsweredApart } from '../log/decide-group.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import { Unstorable } from '../log/write-and-commit.js';
import { GatheredPosts, weightOf, type Post } from './gather-posts.js';

const post = (first: Post['first'], differing: Partial<Post> = {}): Post => ({
  commandId: `command-${first}` as CommandId,
  source: 'recorder' as PersonId,
  session: 'one' as SessionId,
  subject: 's1' as SubjectId,
  format: 'rrweb',
  first,
  count: 1,
  weight: 10,
  ...differing,
});

/** What was written together, by the first sequence number of each post; a write takes a while. */
function gathered(fails?: (posts: readonly Post[]) => unknown) {
  const written: Post['first'][][] = [];
  const posts = new GatheredPosts(async (group: readonly Post[]) => {
    written.push(group.map(({ first }) => first));
    await sleep(10);
    const error = fails?.(group);
    if (error !== undefined) throw error;
    return group.map(({ first }) => `answer to ${first}`);
  }, 0);
  /** The first is under way when the others come. */
  const add = async (first: Post, ...others: Post[]) => {
    const early = posts.add(first);
    await sleep(1);
    return Promise.allSettled([early, ...others.map((one) => posts.add(one))]);
  };
  return { written, add };
}

describe('what comes while another post is written', () => {
  it('is written together, and each is answered for itself', async () => {
    const { written, add } = gathered();
    const ends = await add(post(0), post(1), post(2), post(3));
    expect(ends).toEqual([0, 1, 2, 3].map((first) => ({ status: 'fulfilled', value: `answer to ${first}` })));
    expect(written).toEqual([[0], [1, 2, 3]]);
  });

  it('is put in its order', async () => {
    const { written, add } = gathered();
    await add(post(0), post(3), post(1), post(2));
    expect(written).toEqual([[0], [1, 2, 3]]);
  });

  it('of another session is not waited for', async () => {
    const { written, add } = gathered();
    await add(post(0), post(0, { session: 'two' as SessionId }), post(1));
    expect(written).toEqual([[0], [0], [1]]);
  });

  it.each<[what: string, Partial<Post>]>([
    ['leaves a gap', { first: 3 }],
    ['comes again', { first: 1 }],
    ['goes wherever the end is', { first: 'end' }],
    ['is of another source', { source: 'another' as PersonId }],
    ['is of another subject', { subject: 's2' as SubjectId }],
    ['is of another format', { format: 'asciicast' }],
    ['has so many records that they are a batch', { count: 512 }],
    ['is large', { weight: 2 ** 20 }],
  ])('is written by itself where it %s', async (_what, differing) => {
    const { written, add } = gathered();
    await add(post(0), post(1), post(2, differing));
    expect(written.map((group) => group.length)).toEqual([1, 1, 1]);
  });
});

describe('posts that fail together', () => {
  it.each([
    ['had its answer before', new AnsweredApart()],
    ['is what the database cannot hold', new Unstorable('the database cannot hold an entry')],
  ])('are each tried alone, where one of them %s', async (_what, error) => {
    const { written, add } = gathered((group) => {
      if (group.length > 1) return error;
      return group[0]?.first === 2 ? new Error('of its own') : undefined;
    });
    const ends = await add(post(0), post(1), post(2), post(3));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(written).toEqual([[0], [1, 2, 3], [1], [2], [3]]);
  });

  it('all say so, for any other reason', async () => {
    const { written, add } = gathered((group) => (group.length > 1 ? new Error('the log is away') : undefined));
    const ends = await add(post(0), post(1), post(2));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(written).toEqual([[0], [1, 2]]);
  });
});

it('records weigh what is in them, and many of them too much to wait', () => {
  expect(weightOf([{ typed: 'ab', pointer: [1, 2] }, 'record_unstorable'])).toBe(1 + 1 + 2 + 1 + 2 + 17);
  expect(weightOf(Array.from({ length: 129 }, () => 'a'))).toBe(Infinity);
});
