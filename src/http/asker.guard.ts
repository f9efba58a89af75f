import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Problem } from '../problem.js';
import type { AskedRequest } from './asker.js';
import { accessOf } from './may-ask.js';

/** The one guard, in front of every route: what was not admitted by what this very handler declares is refused. */
@Injectable()
export class AskerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const access = accessOf(context.getHandler());
    if (access?.by === 'anyone') return true;
    const { admitted } = context.switchToHttp().getRequest<AskedRequest>();
    // The token was looked at before the body (ask-first.ts). Were a request to slip past that, nobody may ask it; nor a
    // route that declares nothing, which does not start (routes.ts).
    if (access === undefined || admitted?.access !== access) throw new Problem('internal');
    return true;
  }
}
