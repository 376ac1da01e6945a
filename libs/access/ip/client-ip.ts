import { formatIpAddress, parseIpAddress } from './ip-address';
import type { IpMatcher } from './ip-list';

export interface CallOrigin {
  /** Address of the socket's peer. */
  readonly peer: string | undefined;
  /** `X-Forwarded-For`, as often as it was sent. */
  readonly forwardedFor: string | readonly string[] | undefined;
}

/**
 * Which ip a call came from (C15): the peer, unless it is a trusted proxy; then the right-most address of `X-Forwarded-For` that is
 * not one, as everything left of it is what the client claims. If all are trusted proxies, the left-most. Undefined: it cannot be
 * told, because a trusted proxy passed on something that is no address; nobody's address is guessed then.
 */
export function clientIp({ peer, forwardedFor }: CallOrigin, isTrustedProxy: IpMatcher): string | undefined {
  const hops = [forwardedFor ?? []].flat().flatMap((header) => header.split(','));
  const path = [...hops.map((hop) => hop.trim()).filter((hop) => hop !== ''), peer ?? ''];
  let nearest: string | undefined;
  for (const hop of path.reverse()) {
    const address = parseIpAddress(hop);
    if (!address) return undefined;
    nearest = formatIpAddress(address);
    if (!isTrustedProxy(nearest)) return nearest;
  }
  return nearest;
}
