import { BITS, parseIpAddress } from './ip-address';

/** What one customer of a provider has of IPv6 at least, with all of its addresses for the asking (RFC 4291 §2.5.4). */
const CUSTOMER_BITS = 64;

const prefixOf = (value: bigint, bits: number): string => `6:${value >> BigInt(BITS[6] - bits)}`;

/** What counts as one address, however it is written: an IPv4 address, or a /64 of IPv6. All that are none count as one. */
export function networkOf(ip: string | undefined): string {
  const address = ip === undefined ? undefined : parseIpAddress(ip);
  if (address === undefined) return 'unknown';
  return address.version === 4 ? String(address.value) : prefixOf(address.value, CUSTOMER_BITS);
}

/** The network of so many bits that an IPv6 address is in; null where it is none. */
export function ipv6NetworkOf(ip: string | undefined, bits: number): string | null {
  const address = ip === undefined ? undefined : parseIpAddress(ip);
  return address?.version === 6 ? prefixOf(address.value, bits) : null;
}
