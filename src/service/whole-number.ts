import { z } from 'zod';

/** In digits. JavaScript takes more for a number: a setting that was left empty would be 0. */
export const wholeNumber = ({ least, most }: { readonly least: number; readonly most: number }) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most));
