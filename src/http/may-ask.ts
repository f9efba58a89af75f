import { SetMetadata } from '@nestjs/common';
import type { Role } from '../identity/person.js';

/** Who may ask a route: some roles, or anyone at all. A route that does not say is refused at start. */
export type Access = { readonly by: 'roles'; readonly roles: readonly Role[] } | { readonly by: 'anyone' };

const accessMetadata = 'custos:access';

export const MayAsk = (...roles: [Role, ...Role[]]): MethodDecorator => declare({ by: 'roles', roles });

/** For what tells nothing about anybody: health, metrics, the API's own description. */
export const Anyone = (): MethodDecorator => declare({ by: 'anyone' });

/** What a handler declares for itself; a controller declares nothing, or a new route would inherit its access. */
export const accessOf = (handler: object): Access | undefined => Reflect.getMetadata(accessMetadata, handler);

function declare(access: Access): MethodDecorator {
  return (target, key, descriptor) => {
    // The upper one of two would win without a word, and `@Anyone()` would open the route.
    if (accessOf(descriptor.value as object) !== undefined) {
      throw new Error(`${String(key)} says twice who may ask`);
    }
    SetMetadata(accessMetadata, access)(target, key, descriptor);
  };
}
