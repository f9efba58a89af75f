import fc from 'fast-check';
import { auditEntry } from './access/audit-entry.js';
import { judge } from './access/judge-disclosure.js';
import { governanceSlices } from './governance.js';
import { givenTrust } from './given-trust.spec.js';
import { governs, type EntryType } from './log/entries.js';
import { Governance } from './log/governance.js';
import type { Entry } from './log/header.js';
import { decodeCanonical, encodeCanonical } from './sealing/canonical.js';
import { sodiumReady } from './sealing/sodium.js';

/**
 * Whoever stole the service can append a header that says anything. It must change nothing and be named, never stop the
 * keyholder for good or leave `custos verify` without a word.
 */
beforeAll(sodiumReady);

const place = { position: 0, id: new Uint8Array(16), stream: 'any', version: 0, at: 1000, columns: [] };
const about = { actor: 'subject:s1', subject: 's1' };
const entryOf = (type: EntryType, data: unknown) => ({ ...place, ...about, type, data }) as unknown as Entry;
const lock = '00000000-0000-4000-8000-000000000000';
const locked = entryOf('lock.set', { lock, target: { kind: 'field', field: 'typed' }, reason: 'an incident' });
const before = Governance.empty(governanceSlices(givenTrust)).evolve(locked);

const members =
  'keyId publicKey attestation consent until reason act kind body actHash expiresAt envelope field before policy request ' +
  'scope scopeHash policyHash preview grant lock target session fields versions records containment person rules size since ' +
  'ok items incident title from to text about decision tombstone certificate';
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, 1.5, 'own', 's1', 'url', {}, [], [null], { length: 1 }),
  fc.constant(lock),
  ...[0, 16, 32, 64].map((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
);
const sayings = fc.dictionary(fc.constantFrom(...members.split(' ')), anything, { noNullPrototype: true, maxKeys: 50 });
/** With which nothing is wrong but what the saying has instead: with nothing right, it comes to no second look. */
const honest: Partial<Record<EntryType, object>> = {
  'disclosure.made': { grant: 'own', session: 'one', fields: ['url'], versions: 1, records: 1 },
};

describe('an entry that says anything, under a signed root,', () => {
  it.each(Object.keys(governs) as EntryType[])('of the type %s is folded, judged and audited', (type) => {
    fc.assert(
      fc.property(sayings, fc.boolean(), (saying, isPartly) => {
        const { grant: _grant, ...rest } = saying;
        const entry = entryOf(type, decodeCanonical(encodeCanonical(isPartly ? { ...honest[type], ...rest } : saying)));
        const after = governs[type] ? before.evolve(entry) : before;
        auditEntry(before, entry, after);
        if (entry.type === 'disclosure.made') judge.mustStop(after, entry);
      }),
      { numRuns: 500 },
    );
  });
});
