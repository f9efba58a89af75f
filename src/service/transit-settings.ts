import { z } from 'zod';
import type { TransitSettings } from '../keys/transit.js';
import type { SettingIssue } from './kafka-settings.js';

/** What the root key's file is sealed by, if anything (docs/operating/root-key.md). */
export const transitShape = {
  CUSTOS_ROOT_KEY_TRANSIT_URL: z.url().refine(isSafeAddress).optional(),
  CUSTOS_ROOT_KEY_TRANSIT_KEY: z.string().min(1).optional(),
  CUSTOS_ROOT_KEY_TRANSIT_TOKEN_FILE: z.string().min(1).optional(),
  CUSTOS_ROOT_KEY_TRANSIT_MOUNT: z
    .string()
    .regex(/^[\w-]+(\/[\w-]+)*$/)
    .optional(),
  CUSTOS_ROOT_KEY_TRANSIT_CA_FILE: z.string().min(1).optional(),
  CUSTOS_ROOT_KEY_TRANSIT_NAMESPACE: z.string().min(1).optional(),
} as const;
const names = Object.keys(transitShape) as (keyof typeof transitShape)[];

/** All that is needed, or nothing of it. Undefined if one is wrong by itself, which is told by whoever parses all. */
export function transitSettings(given: NodeJS.ProcessEnv): {
  readonly transit: TransitSettings | undefined;
  readonly issues: readonly SettingIssue[];
} {
  const { data: values } = z.object(transitShape).safeParse(given);
  if (values === undefined || names.every((name) => values[name] === undefined))
    return { transit: undefined, issues: [] };
  const {
    CUSTOS_ROOT_KEY_TRANSIT_URL: url,
    CUSTOS_ROOT_KEY_TRANSIT_KEY: key,
    CUSTOS_ROOT_KEY_TRANSIT_TOKEN_FILE: tokenFile,
    CUSTOS_ROOT_KEY_TRANSIT_MOUNT: mount = 'transit',
    CUSTOS_ROOT_KEY_TRANSIT_CA_FILE: caFile,
    CUSTOS_ROOT_KEY_TRANSIT_NAMESPACE: namespace,
  } = values;
  if (url === undefined || key === undefined || tokenFile === undefined) {
    const needed = names.slice(0, 3).filter((name) => values[name] === undefined);
    return { transit: undefined, issues: needed.map((path) => ({ path, rule: 'with the others of transit' })) };
  }
  return { transit: { url, key, tokenFile, mount, caFile, namespace }, issues: [] };
}

/** Clear text goes to this machine only: the token would be read on the way, and the root key with it. */
function isSafeAddress(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname));
}
