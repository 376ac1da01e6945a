import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { principalOf } from '@latchkey/guard';
import { assertNever, keyId, requestId, sessionId, userId, workspaceId } from '@latchkey/kernel';
import { secretNumberOf, type Principal } from '@latchkey/contracts';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../application/caller';

/** Who calls, and in which request. Only for handlers of routes with `@Requires`. */
export const CurrentCaller = createParamDecorator<unknown, Caller>((_, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const principal = principalOf(request);
  return {
    credential: credentialOf(principal),
    userId: userId(principal.user_id),
    workspaceId: workspaceId(principal.workspace_id),
    scopes: principal.scopes,
    requestId: requestId(request.id),
  };
});

function credentialOf({ kind, id, secret_id: secretId }: Principal): Caller['credential'] {
  switch (kind) {
    case 'api_key':
      return { kind, keyId: keyId(id), secretId };
    case 'session':
      return { kind, sessionId: sessionId(id), tokenNumber: secretNumberOf(secretId) };
    default:
      return assertNever(kind);
  }
}
