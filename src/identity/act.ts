import { z } from 'zod';
import type { Draft, Head } from '../log/draft.js';
import { ActId, PersonId } from '../log/ids.js';
import type { ProblemCode, ProblemMembers } from '../problem.js';
import { hashCanonical } from '../sealing/canonical.js';
import type { Envelope } from '../sealing/dsse.js';
import { signStatement, type StatementType } from './signed-statement.js';
import type { Trust } from './trust.js';

/**
 * A kind of act of governance: what officers may do together by signing. Each context brings its own kinds, and what
 * an enforced one means is folded there.
 */
export interface ActKind {
  readonly kind: string;
  /** Strict: an unknown key is an error, and what is signed is all that there is. JSON data. */
  readonly body: z.ZodType;
  /** Distinct officers who must sign. What only narrows may take one. */
  readonly signers: (trust: Trust, body: unknown) => number;
  /**
   * What stands against it as things are, beyond its form: with an objection nobody's signature is taken. Whoever folds
   * the act asks the same once more.
   */
  readonly objection?: (body: unknown, head: Head, signer: PersonId, act: ActId) => Objection | undefined;
  /** What else is written with the signature that enforces it, so that whoever it concerns is told. It enforces nothing. */
  readonly announced?: (act: ActId, body: unknown, signer: PersonId) => readonly Draft[];
}

export interface Objection extends Pick<ProblemMembers, 'exceeded'> {
  readonly code: Extract<
    ProblemCode,
    'policy_refused' | 'reach_exceeded' | 'programme_unassured' | 'break_glass_refused' | 'key_refused'
  >;
  readonly rules: readonly [string, ...string[]];
}

export interface Act {
  readonly kind: string;
  readonly body: unknown;
}

/** 32 bytes: what officers sign. */
export const actHash = ({ kind, body }: Act): Uint8Array => hashCanonical('custos/act/v1', { kind, body });

/** Unsigned for so long, an act lapses. */
export const actOpenSeconds = 7 * 24 * 3600;
/** A signature cannot be kept for later: it counts only if it is handed in before this has passed. */
export const actSignatureSeconds = 24 * 3600;

/**
 * What an officer signs, in the manner of an approval (access/approval.ts).
 *
 *   {"act":"6a4d…","actHash":"e3…","checkpoint":{"root":"5f…","size":42},"expiresAt":1767225600000,"nonce":"0c…",
 *    "origin":"custos.example/log","signer":"officer1","type":"custos.act.v1"}
 */
export type ActStatement = z.infer<typeof ActStatement>;
const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const ActStatement = z.strictObject({
  act: ActId,
  actHash: hash,
  /** The log as the officer saw it. */
  checkpoint: z.strictObject({ root: hash, size: z.int().min(0) }),
  /** Epoch milliseconds until which the signature may be handed in. */
  expiresAt: z.int().min(0),
  /** 16 random bytes. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  origin: z.string().min(1).max(256),
  signer: PersonId,
  type: z.literal('custos.act.v1'),
});

export const actType: StatementType<ActStatement> = {
  payloadType: 'application/vnd.custos.act+json',
  schema: ActStatement,
};

export const signAct = (statement: ActStatement, key: Parameters<typeof signStatement>[2]): Envelope =>
  signStatement(actType, statement, key);
