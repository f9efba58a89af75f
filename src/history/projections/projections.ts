import type { AnyProjection } from './projection.js';
import { releases } from './releases.js';

export const projections: readonly AnyProjection[] = [releases];
