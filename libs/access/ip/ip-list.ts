import { parseIpAddress, type IpVersion } from './ip-address';
import { parseIpRange, type IpRange } from './ip-range';

/** Whether an address, in any safe spelling, is in the list. Text that is no address is in no list. */
export type IpMatcher = (ip: string) => boolean;

type Interval = Pick<IpRange, 'version' | 'first' | 'last'>;

const parsed = (texts: readonly string[]): readonly (IpRange | undefined)[] =>
  texts.map((text) => {
    const result = parseIpRange(text);
    return result.kind === 'range' ? result.range : undefined;
  });

/** Overlapping and neighbouring ranges become one. */
function merged(ranges: readonly (IpRange | undefined)[], version: IpVersion): readonly Interval[] {
  const sorted = ranges
    .filter((range): range is IpRange => range?.version === version)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const intervals: Interval[] = [];
  for (const { first, last } of sorted) {
    const before = intervals.at(-1);
    if (!before || first > before.last + 1n) intervals.push({ version, first, last });
    else if (last > before.last) intervals[intervals.length - 1] = { ...before, last };
  }
  return intervals;
}

const intervalsOf = (texts: readonly string[]): readonly Interval[] => {
  const ranges = parsed(texts);
  return [...merged(ranges, 4), ...merged(ranges, 6)];
};

/** Prepares a list of addresses and ranges to be asked many times. Entries that cannot be read match nothing. */
export function ipMatcher(texts: readonly string[]): IpMatcher {
  const intervals = intervalsOf(texts);
  const matches: IpMatcher = (ip) => {
    const address = parseIpAddress(ip);
    return (
      address !== undefined &&
      intervals.some(
        ({ version, first, last }) => version === address.version && first <= address.value && address.value <= last,
      )
    );
  };
  // Most keys are used from one place, and reading an address costs more than all the rest of a decision.
  let last: { readonly ip: string; readonly matched: boolean } | undefined;
  return (ip) => {
    if (last?.ip !== ip) last = { ip, matched: matches(ip) };
    return last.matched;
  };
}

/** Whether an allow list lets an address in. An empty list lets in all. */
export const ipAllowed = (allowList: readonly string[], ip: string): boolean =>
  allowList.length === 0 || ipMatcher(allowList)(ip);

/** Whether every address of `inner` is in `outer`. An entry of `inner` that cannot be read is in nothing. */
export function rangesCover(outer: readonly string[], inner: readonly string[]): boolean {
  const intervals = intervalsOf(outer);
  return parsed(inner).every(
    (range) =>
      range !== undefined &&
      intervals.some(
        ({ version, first, last }) => version === range.version && first <= range.first && range.last <= last,
      ),
  );
}
