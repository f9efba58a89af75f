import {
  Body,
  Controller,
  createParamDecorator,
  Get,
  Headers,
  Ip,
  Param,
  Post,
  Query,
  RawBody,
  Req,
  Res,
  SetMetadata,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { z } from 'zod';
import type { Person } from '../identity/person.js';
import type { CommandId } from '../log/ids.js';
import { Asker, CommandIdHeader } from './asker.js';
import { Anyone, MayAsk } from './may-ask.js';
import { listRoutes } from './routes.js';
import { startTestApp } from './test-app.spec.js';

const Text = z.string();
const Other = createParamDecorator(() => 'unchecked');

@Controller('a')
class Undeclared {
  @Get()
  forgotten() {}
}

@Controller('b')
@SetMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { access: { by: 'anyone' } })
class DeclaredByItsController {
  @Get()
  added() {}
}

@Controller('c')
class Unchecked {
  @Post()
  @Anyone()
  all(
    @Body() _body: unknown,
    @Body('part') _part: unknown,
    @Query('q') _query: unknown,
    @Param('id') _param: unknown,
    @Headers() _headers: unknown,
    @Req() _request: unknown,
    @Ip() _ip: unknown,
    @RawBody() _raw: unknown,
    @Other() _other: unknown,
  ) {}
}

@Controller('d')
class OtherSchema {
  @Post()
  @Anyone()
  foreign(
    @Body({ schema: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } } }) _b: unknown,
  ) {}
}

class Stray implements OnModuleInit {
  onModuleInit(): void {
    stray();
  }
}
let stray = () => {};

describe('an application does not start', () => {
  const refuses = (controller: Type, ...sentences: string[]) =>
    expect(startTestApp([controller])).rejects.toThrow(new Error(sentences.join('\n')));

  it('with a route that does not say who may ask', () =>
    refuses(Undeclared, 'Undeclared.forgotten does not say who may ask: add @MayAsk(…) or @Anyone()'));

  it('with a route that only its controller speaks for', () =>
    refuses(
      DeclaredByItsController,
      'DeclaredByItsController.added does not say who may ask: add @MayAsk(…) or @Anyone()',
    ));

  it('with a parameter that nothing checks', () => {
    const past = 'past every check: take a body, query or param with a schema';
    return refuses(
      Unchecked,
      'Unchecked.all takes its body without a schema: add { schema }',
      'Unchecked.all takes its query without a schema: add { schema }',
      'Unchecked.all takes its param without a schema: add { schema }',
      `Unchecked.all takes its headers ${past}`,
      `Unchecked.all takes its request ${past}`,
      `Unchecked.all takes its ip ${past}`,
      `Unchecked.all takes its raw_body ${past}`,
      `Unchecked.all takes its custom parameter ${past}`,
    );
  });

  it('with a schema whose issues we could not read', () =>
    refuses(OtherSchema, 'OtherSchema.foreign takes its body without a schema: add { schema }'));

  it('with a route past every controller', async () => {
    class Plugin extends Stray {
      constructor(host: HttpAdapterHost) {
        super();
        stray = () => host.httpAdapter.getInstance().get('/debug', () => 'all of it');
      }
    }
    Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], Plugin);
    await expect(startTestApp([], { providers: [Plugin] })).rejects.toThrow(
      new Error('/debug is no route of a controller: nothing guards it'),
    );
  });
});

it('a route cannot say twice who may ask', () => {
  expect(() => {
    class Twice {
      @Anyone()
      @MayAsk('officer')
      open() {}
    }
    return Twice;
  }).toThrow('open says twice who may ask');
});

@Controller(['v1/things', 'v1/items'])
class Declared {
  @Post(':id/parts')
  @MayAsk('researcher', 'officer')
  make(
    @Asker() _asker: Person,
    @CommandIdHeader() _command: CommandId,
    @Param('id', { schema: Text }) _id: string,
    @Body({ schema: Text }) _body: string,
    @Res({ passthrough: true }) _reply: unknown,
  ) {}
}

it('every route is listed, under each of its paths', async () => {
  const { app, close } = await startTestApp([Declared]);
  const access = { by: 'roles', roles: ['researcher', 'officer'] };
  const route = { name: 'Declared.make', method: 'POST', access, unchecked: [], takesCommandId: true };
  const anyone = { method: 'GET', access: { by: 'anyone' }, unchecked: [], takesCommandId: false };
  expect(listRoutes(app)).toEqual(
    expect.arrayContaining([
      { ...route, path: '/v1/things/:id/parts' },
      { ...route, path: '/v1/items/:id/parts' },
      { ...anyone, name: 'HealthController.live', path: '/health/live' },
      { ...anyone, name: 'HealthController.ready', path: '/health/ready' },
      { ...anyone, name: 'MetricsController.text', path: '/metrics' },
    ]),
  );
  await close();
});
