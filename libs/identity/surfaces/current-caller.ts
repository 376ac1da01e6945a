import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { principalOf } from '@latchkey/guard';
import { requestId, userId, workspaceId } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../application/caller';

/** Who calls, and in which request. Only for handlers of routes with `@Requires`. */
export const CurrentCaller = createParamDecorator<unknown, Caller>((_, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const principal = principalOf(request);
  return {
    credentialId: principal.id,
    userId: userId(principal.user_id),
    workspaceId: workspaceId(principal.workspace_id),
    keyScopes: keyScopesOf(principal),
    requestId: requestId(request.id),
  };
});

/** What a credential has for all assets: what a member may do is kept to none, so one that is for some assets has nothing of it to give. */
export function keyScopesOf({ kind, assets, scopes }: Pick<Principal, 'kind' | 'assets' | 'scopes'>) {
  if (kind === 'session') return null;
  return assets === 'all' ? scopes : [];
}
