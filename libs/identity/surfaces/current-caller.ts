import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
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
    keyScopes: principal.kind === 'session' ? null : principal.scopes,
    requestId: requestId(request.id),
  };
});
