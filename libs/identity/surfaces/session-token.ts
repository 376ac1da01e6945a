import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { CredentialForm } from '@latchkey/access';
import { takeCredential } from '@latchkey/guard';
import { AppError, Secret } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import type { Seen } from '../application/session-ports';

export function shownTokenIn(forms: readonly CredentialForm[], context: ExecutionContext): Secret {
  const { credential } = takeCredential(context.switchToHttp().getRequest<FastifyRequest>(), forms);
  if (credential === '') throw new AppError('auth.unauthorized');
  return new Secret(credential);
}

/**
 * The token that a call shows, for the few routes that must take one that the check would refuse: one that was traded in, or has ended.
 * Nobody has looked at it. @throws AppError `auth.unauthorized` when there is none
 */
export const ShownToken = createParamDecorator<readonly CredentialForm[], Secret>(shownTokenIn);

/** Where a call comes from. */
export const CallSeen = createParamDecorator<unknown, Seen>((_, context: ExecutionContext) => {
  const { clientIp, headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return { ip: clientIp ?? null, userAgent: headers['user-agent'] ?? null };
});
