import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject, type StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';
import { CommandId } from '../log/ids.js';
import { problems } from '../problem.js';
import { listRoutes, type Route } from './routes.js';

/** /openapi.json for machines, /docs for people; both from the schemas that the routes are checked with. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, describeApi(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    // Otherwise Swagger UI sends the document to a validator on another host.
    swaggerOptions: { validatorUrl: null },
  });
}

export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const about = new DocumentBuilder()
    .setTitle('Custos')
    .setDescription(
      'A vault for captured sessions. No role can read. Only a grant can.\n\nEvery write answers with `position` and ' +
        '`receipts`: a C2SP tlog-proof for each entry that it wrote, which `custos verify FILE` checks offline.\n\n' +
        'A list of sessions, requests, acts, locks or incidents is told a page at a time: `next` is what to ask for as ' +
        '`after` to get the page behind it, and null on the last one.',
    )
    .setVersion('1')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, about, {
    operationIdFactory: (controller, method) => `${controller}.${method}`,
    standardSchemaConverter: convert,
  });
  (document.components ??= {}).schemas = { ...document.components.schemas, Problem: problemSchema };
  for (const route of listRoutes(app)) describeRoute(document, route);
  return document;
}

/** Branded, refined and transformed schemas have no JSON form of their own; what they take has. */
const convert: StandardSchemaConverter = (schema) =>
  schema instanceof z.core.$ZodType
    ? { schema: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'openapi-3.0' }) }
    : undefined;

/** What the schemas of a route's parameters do not say: who may ask, the command id, and how refusals look. */
function describeRoute(document: OpenAPIObject, { name, method, access, takesCommandId }: Route): void {
  const key = method.toLowerCase() as 'get' | 'post';
  for (const item of Object.values(document.paths)) {
    const operation = item[key];
    if (operation === undefined || operation.operationId !== name) continue;
    // The rest of a path is `*` in Fastify, and `{path}` in the document's own paths.
    for (const parameter of operation.parameters ?? [])
      if ('name' in parameter && parameter.name === '*') parameter.name = 'path';
    operation.responses['default'] = refusal;
    if (takesCommandId) (operation.parameters ??= []).push(commandIdParameter);
    if (access?.by !== 'roles') continue;
    operation.security = [{ bearer: [] }];
    operation.description = `May be asked by: ${access.roles.join(', ')}.`;
    Object.assign(operation, { 'x-may-ask': access.roles });
  }
}

const commandIdParameter = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'Names one intended write. Sent again, it gets the answer of the first time.',
  schema: z.toJSONSchema(CommandId, { io: 'input', target: 'openapi-3.0' }) as object,
};

const refusal = {
  description: 'Refused or failed (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const problemSchema = {
  type: 'object',
  required: ['type', 'code', 'status', 'title', 'detail'],
  properties: {
    type: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problems) },
    status: { type: 'integer' },
    title: { type: 'string' },
    detail: { type: 'string' },
  },
  additionalProperties: true,
};
