import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { accessMetadata, type Access } from './may-ask.js';

export interface Route {
  /** Controller and method, as in the code. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly access: Access | undefined;
  /** Parameters taken from the request without a schema. */
  readonly unchecked: readonly string[];
}

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'ALL', 'OPTIONS', 'HEAD', 'SEARCH'];
/** Numbers of Nest's RouteParamtypes that carry what a caller sent. */
const fromTheCaller: Readonly<Record<string, string>> = {
  3: 'body',
  4: 'query',
  5: 'param',
  6: 'headers',
  8: 'file',
  9: 'files',
  12: 'rawBody',
};

/** Every route of every controller, with what it declares. */
export function listRoutes(app: INestApplicationContext): Route[] {
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ metatype, instance }) => {
      if (typeof metatype !== 'function' || !instance) return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
      return scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name] as object;
        const method = Reflect.getMetadata('method', handler) as number | undefined;
        if (method === undefined) return [];
        const path = [metatype, handler].map((target) => String(Reflect.getMetadata('path', target) ?? ''));
        const access = Reflect.getMetadata(accessMetadata, handler) as Access | undefined;
        const unchecked = uncheckedParameters(metatype, name);
        return [
          { name: `${metatype.name}.${name}`, method: methods[method] ?? '?', path: joined(path), access, unchecked },
        ];
      });
    });
}

/** A sentence for each route that does not say who may ask, or takes a parameter without a schema. */
export function undeclaredRoutes(app: INestApplicationContext): string[] {
  return listRoutes(app).flatMap(({ name, access, unchecked }) => [
    ...(access === undefined ? [`${name} does not say who may ask: add @MayAsk(…) or @Anyone()`] : []),
    ...unchecked.map((parameter) => `${name} takes its ${parameter} without a schema: add { schema }`),
  ]);
}

function uncheckedParameters(controller: object, method: string): string[] {
  const metadata = (Reflect.getMetadata('__routeArguments__', controller, method) ?? {}) as Record<
    string,
    { schema?: unknown }
  >;
  return Object.entries(metadata).flatMap(([key, { schema }]) => {
    const kind = fromTheCaller[key.split(':')[0] ?? ''];
    return kind !== undefined && schema === undefined ? [kind] : [];
  });
}

const joined = (parts: readonly string[]) =>
  `/${parts
    .map((part) => part.replaceAll(/^\/|\/$/g, ''))
    .filter(Boolean)
    .join('/')}`;
