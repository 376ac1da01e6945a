import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { clientIp, ipMatcher, type CallOrigin } from '@latchkey/access';
import { RecentlyUsed } from '@latchkey/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's address by C15 in its normal form; undefined when it cannot be told. */
    readonly clientIp: string | undefined;
  }
}

/** Where calls came from of late: reading addresses costs more than all else that is done to every request. */
const ORIGINS_MAX = 4_000;
/** Some hops. What is longer is read each time, so that nobody can have much remembered. */
const HOPS_LENGTH_MAX = 100;

/** `clientIp`, remembered. */
export function clientIps(trusted: readonly string[]): (origin: CallOrigin) => string | undefined {
  const isTrustedProxy = ipMatcher(trusted);
  const known = new RecentlyUsed<string>(ORIGINS_MAX);
  return (origin) => {
    const hops = String(origin.forwardedFor ?? '');
    if (hops.length > HOPS_LENGTH_MAX) return clientIp(origin, isTrustedProxy);
    const name = `${origin.peer ?? ''} ${hops}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const ip = clientIp(origin, isTrustedProxy);
    if (ip !== undefined) known.put(name, ip);
    return ip;
  };
}

/** Gives every request its `clientIp`. `trusted`: addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
export function addClientIp(fastify: FastifyInstance, trusted: readonly string[]): void {
  const ipOf = clientIps(trusted);
  fastify.decorateRequest('clientIp', {
    getter(this: FastifyRequest) {
      const { socket, headers } = this;
      return ipOf({ peer: socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] });
    },
  });
}

/** The caller's address (`FastifyRequest.clientIp`). */
export const ClientIp = createParamDecorator<unknown, string | undefined>(
  (_, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().clientIp,
);
