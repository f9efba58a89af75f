import { SetMetadata } from '@nestjs/common';
import type { Role } from '../identity/person.js';

/** Who may ask a route: some roles, or anyone at all. A route that does not say is refused at start. */
export type Access = { readonly by: 'roles'; readonly roles: readonly Role[] } | { readonly by: 'anyone' };

export const accessMetadata = 'custos:access';

export const MayAsk = (...roles: [Role, ...Role[]]) =>
  SetMetadata(accessMetadata, { by: 'roles', roles } satisfies Access);

/** For what tells nothing about anybody: health, metrics, the API's own description. */
export const Anyone = () => SetMetadata(accessMetadata, { by: 'anyone' } satisfies Access);
