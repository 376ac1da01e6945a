import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { accessTokenOf, principalOf } from '@latchkey/guard';
import { AppError, keyId, requestId, sessionId, userId, workspaceId } from '@latchkey/kernel';
import { secretNumberOf } from '@latchkey/contracts';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../application/caller';

/** Who calls, and in which request. Only for handlers of routes with `@Requires`. */
export const CurrentCaller = createParamDecorator<unknown, Caller>((_, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const principal = principalOf(request);
  return {
    credential: credentialOf(request),
    userId: userId(principal.user_id),
    workspaceId: workspaceId(principal.workspace_id),
    scopes: principal.scopes,
    requestId: requestId(request.id),
  };
});

function credentialOf(request: FastifyRequest): Caller['credential'] {
  const { kind, id, secret_id: secretId } = principalOf(request);
  switch (kind) {
    case 'api_key':
      return { kind, keyId: keyId(id), secretId };
    case 'session':
      return { kind, sessionId: sessionId(id), tokenNumber: secretNumberOf(secretId) };
    case 'client': {
      const token = accessTokenOf(request);
      if (token === null) throw new AppError('service.internal', { internal: 'a client without an access token' });
      return { kind, token, ip: request.clientIp };
    }
  }
}
