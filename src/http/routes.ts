import { RequestMethod, type INestApplicationContext } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { checkedSources, takesCommandId } from './asker.js';
import { accessOf, type Access } from './may-ask.js';
import { isSchema } from './validation.js';

export interface Route {
  /** Controller and method, as in the code. */
  readonly name: string;
  readonly method: string;
  /** The pattern, as it is registered: `/v1/sessions/:session`. */
  readonly path: string;
  readonly access: Access | undefined;
  /** Sources of parameters that nothing checks. */
  readonly unchecked: readonly string[];
  readonly takesCommandId: boolean;
}

/** Every route of every controller, with what it declares. */
export function listRoutes(app: INestApplicationContext): Route[] {
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ metatype, instance }) => {
      if (typeof metatype !== 'function' || !instance) return [];
      const prototype = Object.getPrototypeOf(instance) as object;
      return scanner.getAllMethodNames(prototype).flatMap((name) => routesOf(metatype, prototype, name));
    });
}

/** A sentence for each route that does not say who may ask, or takes a parameter that nothing checks. */
export function undeclaredRoutes(app: INestApplicationContext): string[] {
  const sentences = listRoutes(app).flatMap(({ name, access, unchecked }) => [
    ...(access === undefined ? [`${name} does not say who may ask: add @MayAsk(…) or @Anyone()`] : []),
    ...unchecked.map((source) =>
      canHaveSchema(source)
        ? `${name} takes its ${source} without a schema: add { schema }`
        : `${name} takes its ${source} past every check: take a body, query or param with a schema`,
    ),
  ]);
  // A handler with two paths is two routes and one mistake.
  return [...new Set(sentences)];
}

/** Nest runs pipes over these only; a schema on anything else is never looked at. */
const canHaveSchema = (source: string): boolean => source === 'body' || source === 'query' || source === 'param';

interface Parameter {
  readonly index: number;
  readonly schema?: unknown;
  readonly factory?: unknown;
}

/** One for each of its paths: Nest takes lists of them. */
function routesOf(controller: object & { name: string }, prototype: object, name: string): Route[] {
  const handler = (prototype as Record<string, object>)[name] as object;
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  if (method === undefined) return [];
  const parameters = parametersOf(controller, name);
  const route = {
    name: `${controller.name}.${name}`,
    method: RequestMethod[method] ?? 'ALL',
    access: accessOf(handler),
    unchecked: parameters.flatMap(([source, parameter]) => (isChecked(source, parameter) ? [] : [source])),
    takesCommandId: parameters.some(([, { factory }]) => takesCommandId(factory)),
  };
  return pathsOf(controller).flatMap((prefix) =>
    pathsOf(handler).map((path) => ({ ...route, path: joined([prefix, path]) })),
  );
}

function parametersOf(controller: object, method: string): (readonly [source: string, Parameter])[] {
  const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<string, Parameter>;
  return Object.entries(metadata)
    .map(([key, parameter]) => [sourceOf(key), parameter] as const)
    .sort(([, one], [, other]) => one.index - other.index);
}

/** Keys are `3:0`, a number of RouteParamtypes and the parameter's place, or `…__customRouteArgs__:0`. */
const sourceOf = (key: string): string =>
  RouteParamtypes[Number(key.split(':')[0])]?.toLowerCase() ?? 'custom parameter';

/** The response is no input. All else that is not here, the whole request included, comes past every check. */
const isChecked = (source: string, { schema, factory }: Parameter): boolean =>
  canHaveSchema(source) ? isSchema(schema) : source === 'response' || checkedSources.has(factory);

const pathsOf = (target: object): string[] => [Reflect.getMetadata(PATH_METADATA, target) ?? ''].flat() as string[];

const joined = (parts: readonly string[]) =>
  `/${parts
    .map((part) => part.replaceAll(/^\/|\/$/g, ''))
    .filter(Boolean)
    .join('/')}`;
