import { IPv4, IPv6 } from 'ipaddr.js';

export type IpVersion = 4 | 6;

/** An address as a number of 32 or 128 bits. */
export interface IpAddress {
  readonly version: IpVersion;
  readonly value: bigint;
}

export const BITS: Readonly<Record<IpVersion, number>> = { 4: 32, 6: 128 };

/** `::ffff:0:0/96`, where IPv6 writes IPv4 addresses. */
const MAPPED = 0xffffn;
const mappedIpv4 = (value: bigint): IpAddress | undefined =>
  value >> 32n === MAPPED ? { version: 4, value: value & 0xffff_ffffn } : undefined;

const valueOf = (bytes: readonly number[]): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** An IPv6 address may end in dotted decimals; as plain groups there is one reading of it only. */
const DOTTED_TAIL = /^(.*:)([^:]*\..*)$/;

/**
 * An address in its one safe form. IPv4 is four decimal parts without leading zeros: octal, hexadecimal, short and single-number
 * forms mean different hosts to different programs, so they are refused, as are zone ids. An IPv4-mapped IPv6 address is its IPv4
 * address (C15).
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (IPv4.isValidFourPartDecimal(text)) return { version: 4, value: valueOf(IPv4.parse(text).toByteArray()) };
  const groups = withoutDottedTail(text);
  if (groups === undefined || !/^[0-9A-Fa-f:]+$/.test(groups) || !IPv6.isValid(groups)) return undefined;
  const value = valueOf(IPv6.parse(groups).toByteArray());
  return mappedIpv4(value) ?? { version: 6, value };
}

function withoutDottedTail(text: string): string | undefined {
  const [, head, tail] = DOTTED_TAIL.exec(text) ?? [];
  if (head === undefined || tail === undefined) return text;
  if (!IPv4.isValidFourPartDecimal(tail)) return undefined;
  const value = valueOf(IPv4.parse(tail).toByteArray());
  return `${head}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** Normal form: dotted decimal, or RFC 5952. */
export function formatIpAddress({ version, value }: IpAddress): string {
  const bytes = Array.from({ length: BITS[version] / 8 }, (_, index) =>
    Number((value >> BigInt(BITS[version] - 8 * (index + 1))) & 0xffn),
  );
  return version === 4 ? new IPv4(bytes).toString() : new IPv6(bytes).toRFC5952String();
}
