import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { Role } from '../identity/person.js';

/** Who may ask a route: some roles, or anyone at all. A route that does not say is refused at start. */
export type Access = { readonly by: 'roles'; readonly roles: readonly Role[] } | { readonly by: 'anyone' };

export const MayAsk = (...roles: [Role, ...Role[]]): MethodDecorator => declare({ by: 'roles', roles });

/** For what tells nothing about anybody: health, metrics, the API's own description. */
export const Anyone = (): MethodDecorator => declare({ by: 'anyone' });

/** What a handler declares for itself; a controller declares nothing, or a new route would inherit its access. */
export const accessOf = (handler: object): Access | undefined =>
  (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as { access?: Access } | undefined)?.access;

function declare(access: Access): MethodDecorator {
  return (target, key, descriptor) => {
    // The upper one of two would win without a word, and `@Anyone()` would open the route.
    if (accessOf(descriptor.value as object) !== undefined) {
      throw new Error(`${String(key)} says twice who may ask`);
    }
    // Nest hands it to Fastify with the route: it is needed before Nest sees a request (ask-first.ts).
    RouteConfig({ access })(target, key, descriptor);
  };
}
