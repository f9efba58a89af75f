import { preparsePolicySet, statefulIsAuthorized, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { LockTarget } from '../log/entries.js';
import { classes, fieldNames } from '../log/fields.js';
import { ownCopy } from '../log/ids.js';
import type { AccessState, Grant } from './access-state.js';
import type { Disclosure } from './decide.js';
import type { Policy } from './policy.js';

/**
 * The rules of `decide` once more, in Cedar, a language for authorization with an engine of its own. A grant is the
 * resource, who asks the principal; one `forbid` a rule, so that the answer names every rule that denies.
 *
 * How it is mapped: which subject a session of the grant is of is a tag of the grant; budgets are what is left of them,
 * as integers; a time is an integer of milliseconds, that of the entry. The policy in force, the locks and who was erased
 * are written out as Cedar policies, once a state. Cedar has no function for the largest of several, so each class that
 * the grant has a field of is a policy by itself. It has no number that is none: NaN is left to the unit tests. An
 * attribute of a grant that does not exist is an error to it, which lets neither permit nor forbid count.
 */
export function deniedByCedar(state: AccessState): (asked: Disclosure) => string[] {
  const forbids = Object.entries(rulesOf(state)).map(([name, when]) => [
    name,
    `forbid (principal, action, resource) when { ${mine} && (${when}) };`,
  ]);
  const permit = `permit (principal, action == Action::"read", resource is Grant) when { ${mine} };`;
  const own = ownPolicies(state);
  const parsed = preparsePolicySet(policySet, { staticPolicies: { permit, ...Object.fromEntries(forbids), ...own } });
  if (parsed.type === 'failure') throw new Error(parsed.errors.map(({ message }) => message).join('\n'));
  const entities = new Map([...state.grants.values()].map((grant) => [grant.id, [entityOf(grant)]]));

  return ({ grant, person: principal, session, subject: of, fields, records, at }) => {
    const isOwn = grant === ownCopy;
    const subjectEntity = { type: 'Subject', id: of ?? '' };
    const answer = statefulIsAuthorized({
      preparsedPolicySetId: policySet,
      principal: { type: 'Person', id: principal },
      action: { type: 'Action', id: isOwn ? 'copy' : 'read' },
      resource: isOwn ? subjectEntity : { type: 'Grant', id: grant },
      context: { session, fields: [...fields], records, at, ...(of === undefined ? {} : { subject: of }) },
      entities: isOwn
        ? [
            {
              uid: subjectEntity,
              attrs: { person: { __entity: { type: 'Person', id: `subject:${of ?? ''}` } } },
              parents: [],
            },
          ]
        : (entities.get(grant) ?? []),
    });
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('\n'));
    const { decision, diagnostics } = answer.response;
    if (decision === 'allow') return [];
    const named = new Set(diagnostics.reason.map((name) => name.split(' ')[0] as string));
    // Neither permitted nor forbidden: there is no such grant for this person.
    return named.size === 0 ? [isOwn ? 'session_not_own' : 'grant_unknown'] : [...named].sort();
  };
}

const policySet = 'custos';
const mine = 'resource has holder && resource.holder == principal';
const granted = 'resource.hasTag(context.session)';
const subject = 'resource.getTag(context.session)';

/** The expression under which each rule denies. A rule may be several policies: what follows the first space tells them apart. */
function rulesOf({ policy, locks, erased }: AccessState): Readonly<Record<string, string>> {
  const locked = [...locks.values()].map(({ target }, index) => [`locked ${index}`, coveredBy(target)]);
  const forbidden = classes.map((name) => {
    const { quorum, longestSeconds, mostRecords, mostDisclosures, mostSessions, mostSubjects } = policy.classes[name];
    const named = fieldNames.filter((field) => (field in policy.fields ? policy.fields[field] : 'strict') === name);
    const above = `resource.signers < ${quorum} || resource.durationSeconds > ${longestSeconds}
      || resource.records > ${mostRecords} || resource.disclosures > ${mostDisclosures}
      || resource.sessions > ${mostSessions} || resource.subjects > ${mostSubjects}`;
    return [
      `policy_forbids ${name}`,
      `!resource.isBreakGlass && resource.fields.containsAny(${JSON.stringify(named)}) && (${above})`,
    ];
  });
  return {
    ...Object.fromEntries([...locked, ...forbidden]),
    'policy_forbids anything': '!resource.isBreakGlass && resource.signers < 2',
    'policy_forbids alone': `resource.isBreakGlass && (${aboveAlone(policy)})`,
    grant_revoked: 'resource.revoked',
    grant_expired: 'context.at >= resource.expiresAt',
    session_not_granted: `!${granted} || (context has subject && context.subject != ${subject})`,
    field_not_granted: 'context.fields.isEmpty() || !resource.fields.containsAll(context.fields)',
    records_spent: 'context.records < 0 || context.records > resource.recordsLeft',
    disclosures_spent: 'resource.disclosuresLeft < 1',
    subject_erased: `${granted} && ${JSON.stringify([...erased.keys()])}.contains(${subject})`,
  };
}

/** Of a subject by themselves. Each rule is named as the one about grants that says the same. */
function ownPolicies({ locks, erased }: AccessState): Readonly<Record<string, string>> {
  const theirs = 'resource is Subject && resource.person == principal';
  const locked = [...locks.values()].map(({ target }, index) => [`locked own ${index}`, coveredOwn(target)]);
  const forbids = {
    ...(Object.fromEntries(locked) as Record<string, string>),
    'field_not_granted own': 'context.fields.isEmpty()',
    'records_spent own': 'context.records < 0',
    'subject_erased own': `${JSON.stringify([...erased.keys()])}.contains(context.subject)`,
  };
  return {
    'permit own': `permit (principal, action == Action::"copy", resource is Subject) when { ${theirs} };`,
    ...Object.fromEntries(
      Object.entries(forbids).map(([name, when]) => [
        name,
        `forbid (principal, action == Action::"copy", resource) when { ${theirs} && (${when}) };`,
      ]),
    ),
  };
}

function coveredOwn(target: LockTarget): string {
  if (target.kind === 'subject') return `context.subject == "${target.subject}"`;
  return target.kind === 'grant' ? 'false' : coveredBy(target);
}

const aboveAlone = ({ breakGlass }: Policy) =>
  `!${JSON.stringify(breakGlass.fields)}.containsAll(resource.fields)
    || resource.durationSeconds > ${breakGlass.longestSeconds} || resource.records > ${breakGlass.mostRecords}
    || resource.disclosures > ${breakGlass.mostDisclosures} || resource.subjects > ${breakGlass.mostSubjects}`;

function coveredBy(target: LockTarget): string {
  switch (target.kind) {
    case 'all':
      return 'true';
    case 'field':
      return `context.fields.contains("${target.field}")`;
    case 'subject':
      return `(context has subject && context.subject == "${target.subject}") || (${granted} && ${subject} == "${target.subject}")`;
    case 'person':
      return `principal == Person::"${target.person}"`;
    case 'grant':
      return `resource == Grant::"${target.grant}"`;
  }
}

/** From what was asked and signed: nothing that `decide` has worked out beforehand. */
function entityOf(grant: Grant): EntityJson {
  const { id, person, scope, signers, expiresAt, recordsLeft, disclosuresLeft, revoked, isBreakGlass } = grant;
  const { fields, sessions, durationSeconds, budget } = scope;
  return {
    uid: { type: 'Grant', id },
    attrs: {
      holder: { __entity: { type: 'Person', id: person } },
      ...{ fields: [...fields], signers, expiresAt, recordsLeft, disclosuresLeft },
      revoked: revoked !== undefined,
      isBreakGlass: isBreakGlass === true,
      durationSeconds,
      records: budget.records,
      disclosures: budget.disclosures,
      sessions: sessions.length,
      subjects: new Set(sessions.map((one) => one.subject)).size,
    },
    tags: Object.fromEntries(sessions.map((one) => [one.session, one.subject])),
    parents: [],
  };
}
