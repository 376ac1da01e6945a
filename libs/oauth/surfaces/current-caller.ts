import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { accessTokenOf, principalOf } from '@latchkey/guard';
import { secretNumberOf } from '@latchkey/contracts';
import { AppError, keyId, requestId, sessionId, userId, workspaceId } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../application/caller';

/** Who calls, and in which request. Only for handlers of routes with `@Requires`. */
export const CurrentCaller = createParamDecorator<unknown, Caller>((_, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const principal = principalOf(request);
  return {
    presented: presentedIn(request),
    userId: userId(principal.user_id),
    workspaceId: workspaceId(principal.workspace_id),
    ip: request.clientIp,
    requestId: requestId(request.id),
  };
});

function presentedIn(request: FastifyRequest): Caller['presented'] {
  const { kind, id, secret_id: secretId, workspace_id: workspace } = principalOf(request);
  switch (kind) {
    case 'api_key':
      return { workspaceId: workspaceId(workspace), keyId: keyId(id), secretNumber: secretNumberOf(secretId) };
    case 'session':
      return { workspaceId: workspaceId(workspace), sessionId: sessionId(id), tokenNumber: secretNumberOf(secretId) };
    case 'client': {
      const token = accessTokenOf(request);
      if (token === null) throw new AppError('service.internal', { internal: 'a client without an access token' });
      return token;
    }
  }
}
