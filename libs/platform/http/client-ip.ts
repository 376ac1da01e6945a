import { BlockList, isIP } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

const IPV4_MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/**
 * Whether an address is one of the trusted proxies (addresses or CIDR ranges). Fastify asks it from the socket's peer
 * leftwards through `X-Forwarded-For` and takes the first that is not one: the rule of C15.
 */
export function isTrustedProxy(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of trusted) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = address.replace(IPV4_MAPPED, '');
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** The client's address by C15; an IPv4-mapped IPv6 address is given as its IPv4 address. */
export const ClientIp = createParamDecorator<unknown, string>((_, context: ExecutionContext) =>
  context.switchToHttp().getRequest<FastifyRequest>().ip.replace(IPV4_MAPPED, ''),
);
