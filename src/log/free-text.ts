import { z } from 'zod';

/**
 * What a person writes for others to judge: one line that shows as it reads. A control character could
 * repaint an approver's terminal, a bidirectional one could turn the sentence round, and a lone surrogate
 * has no bytes to hash.
 */
export const freeText = ({ least, most }: { least: number; most: number }) =>
  z
    .string()
    .trim()
    .min(least)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, 'one line of plain text');
