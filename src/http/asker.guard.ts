import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TokenVerifier } from '../identity/tokens.js';
import { Problem } from '../problem.js';
import type { AskedRequest } from './asker.js';
import { accessMetadata, type Access } from './may-ask.js';

export const TOKENS = Symbol('tokens');

/** The one guard, in front of every route. What is not declared is refused. */
@Injectable()
export class AskerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(TOKENS) private readonly tokens: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(accessMetadata, context.getHandler());
    if (access === undefined) throw new Problem('role_missing');
    if (access.by === 'anyone') return true;
    const request = context.switchToHttp().getRequest<AskedRequest>();
    const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new Problem('token_missing');
    const person = await this.tokens.verify(token);
    if (!access.roles.some((role) => person.roles.has(role))) throw new Problem('role_missing');
    request.person = person;
    return true;
  }
}
