import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { TokenVerifier } from '../identity/tokens.js';
import { Problem } from '../problem.js';
import type { AskedRequest } from './asker.js';
import { accessOf } from './may-ask.js';

export const TOKENS = Symbol('tokens');

/** Scheme and token of RFC 6750 §2.1; the scheme without regard to case (RFC 9110 §11.1). */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** The one guard, in front of every route. What is not declared is refused. */
@Injectable()
export class AskerGuard implements CanActivate {
  constructor(@Inject(TOKENS) private readonly tokens: TokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context.getHandler());
    // Such a route does not start (routes.ts). Were one to slip through, nobody may ask it.
    if (access === undefined) throw new Problem('internal');
    if (access.by === 'anyone') return true;
    const request = context.switchToHttp().getRequest<AskedRequest>();
    const token = tokenIn(request.headers.authorization);
    const person = await this.tokens.verify(token);
    if (!access.roles.some((role) => person.roles.has(role))) throw new Problem('role_missing');
    request.person = person;
    request.token = token;
    return true;
  }
}

function tokenIn(authorization: string | undefined): string {
  if (authorization === undefined || !/^bearer\b/i.test(authorization)) throw new Problem('token_missing');
  const [, token] = bearer.exec(authorization) ?? [];
  if (token === undefined) throw new Problem('token_invalid');
  return token;
}
