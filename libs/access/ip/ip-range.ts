import { BITS, formatIpAddress, parseIpAddress, type IpAddress, type IpVersion } from './ip-address';

/** A CIDR range, or a single address. */
export interface IpRange {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;
  /** Normal form: `203.0.113.0/24`, `198.51.100.50`, `2001:db8::/32`. */
  readonly text: string;
}

export type ParsedIpRange =
  | { readonly kind: 'range'; readonly range: IpRange }
  /** `host_bits`: an address inside a range; `suggestion` is the range. Whether host or range was meant cannot be told. */
  | { readonly kind: 'host_bits'; readonly suggestion: string }
  | { readonly kind: 'invalid' };

const PREFIX_LENGTH = /^(0|[1-9][0-9]{0,2})$/;

/** The longest there is: a full IPv6 address with a dotted tail, and `/128`. */
const LENGTH_MAX = 49;

/**
 * An entry of an allow list: an address (see {@link parseIpAddress}) or a CIDR range. A range written with host bits
 * (`203.0.113.7/24`) is refused, as taking it for the range would let in more than its writer may have meant.
 */
export function parseIpRange(text: string): ParsedIpRange {
  if (text.length > LENGTH_MAX) return { kind: 'invalid' };
  const [addressText = '', lengthText, ...more] = text.split('/');
  const address = parseIpAddress(addressText);
  if (!address || more.length > 0) return { kind: 'invalid' };
  const length = lengthText === undefined ? BITS[address.version] : prefixLength(address, addressText, lengthText);
  if (length === undefined) return { kind: 'invalid' };
  return rangeOf(address, length);
}

/** A mapped range counts its bits as IPv6 does: `::ffff:10.0.0.0/104` is `10.0.0.0/8`. Shorter than /96 it is no IPv4 range. */
function prefixLength({ version }: IpAddress, addressText: string, lengthText: string): number | undefined {
  if (!PREFIX_LENGTH.test(lengthText)) return undefined;
  const mapped = version === 4 && addressText.includes(':');
  const length = Number(lengthText) - (mapped ? BITS[6] - BITS[4] : 0);
  return length >= 0 && length <= BITS[version] ? length : undefined;
}

function rangeOf({ version, value }: IpAddress, length: number): ParsedIpRange {
  const hostBits = BigInt(BITS[version] - length);
  const first = (value >> hostBits) << hostBits;
  const network = formatIpAddress({ version, value: first });
  const text = hostBits === 0n ? network : `${network}/${length}`;
  if (first !== value) return { kind: 'host_bits', suggestion: text };
  return { kind: 'range', range: { version, first, last: first + (1n << hostBits) - 1n, text } };
}
