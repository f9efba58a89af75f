import { identifiersIn, type Identifier } from './identifiers.js';
import { secretsIn } from './secrets.js';

/** What was found, without where: these counts stand in clear headers, positions never. */
export const tags = ['password', 'secret', 'card', 'iban', 'national_id'] as const satisfies readonly (
  Identifier | 'secret' | 'password'
)[];
export type Tag = (typeof tags)[number];

/**
 * The tags of each text, in order. A text is looked at whole: whoever hands in pieces gets pieces judged.
 * Detection is a tag, never the protection: what it misses is sealed as much as what it finds.
 */
export async function detect(texts: readonly string[]): Promise<ReadonlySet<Tag>[]> {
  const found: Set<Tag>[] = texts.map((text) => new Set(identifiersIn(text)));
  for (const index of await secretsIn(texts)) found[index]?.add('secret');
  return found;
}
