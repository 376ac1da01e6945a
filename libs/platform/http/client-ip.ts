import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { clientIp, ipMatcher } from '@latchkey/access';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's address by C15 in its normal form; undefined when it cannot be told. */
    readonly clientIp: string | undefined;
  }
}

/** Gives every request its `clientIp`. `trusted`: addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
export function addClientIp(fastify: FastifyInstance, trusted: readonly string[]): void {
  const isTrustedProxy = ipMatcher(trusted);
  fastify.decorateRequest('clientIp', {
    getter(this: FastifyRequest) {
      const { socket, headers } = this;
      return clientIp({ peer: socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] }, isTrustedProxy);
    },
  });
}

/** The caller's address (`FastifyRequest.clientIp`). */
export const ClientIp = createParamDecorator<unknown, string | undefined>(
  (_, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().clientIp,
);
