import type { BusMessage, DeliveredMessage } from '../event-bus';

/** Messages of aggregates: each carries its key's version, from 1. */
export function versions(topic: string, key: string, from: number, to: number): BusMessage[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    topic,
    key,
    value: Buffer.from(JSON.stringify({ version: from + index })),
  }));
}

/** One list in which the keys take turns. */
export function interleaved(lists: readonly (readonly BusMessage[])[]): BusMessage[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

export const versionOf = ({ value }: Pick<DeliveredMessage, 'value'>): number =>
  (JSON.parse(value.toString()) as { version: number }).version;

/** A reader as the design has it: applies the next version of a key, drops what it has seen; a hole means something was lost. */
export class VersionChecked {
  readonly applied = new Map<string, number>();
  readonly holes: string[] = [];
  duplicates = 0;

  apply(key: string, version: number): void {
    const last = this.applied.get(key) ?? 0;
    if (version <= last) {
      this.duplicates += 1;
      return;
    }
    if (version > last + 1) this.holes.push(`${key}: ${version} after ${last}`);
    this.applied.set(key, version);
  }
}
