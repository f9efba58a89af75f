import type { PersonId, SubjectId } from '../log/ids.js';
import { requireSelf, type Person, type Role } from './person.js';

const person = (id: string, roles: Role[], subject?: string): Person => ({
  id: id as PersonId,
  roles: new Set(roles),
  tokenExpiresAt: 0,
  ...(subject === undefined ? {} : { subject: subject as SubjectId }),
});

describe('what only the subject may ask is refused', () => {
  it.each([
    ['another subject', person('subject:s2', ['subject'], 's2')],
    ['an officer', person('officer1', ['officer'])],
    ['somebody of the same name', person('s1', ['researcher'])],
    ['somebody without the role', person('subject:s1', [], 's1')],
  ])('to %s', (_who, asker) =>
    expect(() => requireSelf(asker, 's1' as SubjectId)).toThrow(expect.objectContaining({ code: 'role_missing' })),
  );
});

it('what only the subject may ask is for the subject', () =>
  expect(requireSelf(person('subject:s1', ['subject'], 's1'), 's1' as SubjectId)).toBeUndefined());
