import { decisionsIn, parseEvent, type DecisionEvent } from '@latchkey/contracts';
import type { PublishedMessage } from '../crash/invariants';

/** A batch as the audit has it. */
export interface AuditedBatch {
  readonly source: string;
  readonly position: number;
  readonly decisions: number;
}

export interface DecisionLog {
  /** In the order of each partition. */
  readonly published: readonly PublishedMessage[];
  readonly audited: readonly AuditedBatch[];
}

interface Batch {
  readonly source: string;
  readonly position: number;
  readonly event: DecisionEvent;
  readonly bytes: Buffer;
}

/**
 * What is wrong with a record of decisions whose nodes have all stopped: a number that is missing, out of order, twice with two contents,
 * or not the same in the audit; a boot without beginning or end; decisions that a node gave up. A repetition is no violation.
 */
export function wrongRecord({ published, audited }: DecisionLog): string[] {
  const boots = bySource(published.map(batchOf));
  const copies = bySource(audited);
  return [
    ...[...boots].flatMap(([source, batches]) => wrongBoot(source, firstOnes(batches), copies.get(source) ?? [])),
    ...[...boots].flatMap(([source, batches]) => contradictions(source, batches)),
    ...[...copies.keys()].filter((source) => !boots.has(source)).map((source) => `${source} was not published`),
  ];
}

/** How many decisions of each kind there are on a key: `allowed`, or why not. */
export function decidedOn(keyId: string, { published }: DecisionLog): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const boots = bySource(published.map(batchOf));
  for (const { event } of [...boots.values()].flatMap(firstOnes)) {
    if (event.type !== 'latchkey.decisions.recorded.v1') continue;
    for (const { secret, outcome } of decisionsIn(event.data.decisions))
      if (secret && 'keyId' in secret && secret.keyId === keyId) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function wrongBoot(source: string, batches: readonly Batch[], copies: readonly AuditedBatch[]): string[] {
  const wrong = batches.flatMap(({ position }, index) =>
    position === index + 1 ? [] : [`${source}: number ${position} in place ${index + 1}`],
  );
  const [first, last] = [batches[0]?.event, batches.at(-1)?.event];
  if (first?.type !== 'latchkey.node.started.v1') wrong.push(`${source}: does not begin with its start`);
  if (last?.type !== 'latchkey.node.stopped.v1') wrong.push(`${source}: does not end with its stop`);
  else if (last.data.dropped > 0) wrong.push(`${source}: gave up ${last.data.dropped} decisions`);
  const kept = new Map(copies.map(({ position, decisions }) => [position, decisions]));
  for (const { position, event } of batches)
    if (kept.get(position) !== sizeOf(event)) wrong.push(`${source}: number ${position} is not in the audit as it is`);
  if (copies.length !== batches.length) wrong.push(`${source}: ${copies.length} in the audit, not ${batches.length}`);
  return wrong;
}

function contradictions(source: string, batches: readonly Batch[]): string[] {
  const firsts = new Map(firstOnes(batches).map((batch) => [batch.position, batch]));
  return batches
    .filter(({ position, bytes }) => firsts.get(position)?.bytes.equals(bytes) === false)
    .map(({ position }) => `${source}: number ${position} was published with two contents`);
}

function bySource<Item extends { readonly source: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.source, [...(groups.get(item.source) ?? []), item]);
  return groups;
}

function firstOnes(batches: readonly Batch[]): readonly Batch[] {
  const seen = new Set<number>();
  return batches.filter(({ position }) => !seen.has(position) && seen.add(position));
}

const sizeOf = (event: DecisionEvent) =>
  event.type === 'latchkey.decisions.recorded.v1' ? event.data.decisions.rows.length : 0;

function batchOf({ value }: PublishedMessage): Batch {
  const { source, position, type, data } = parseEvent(JSON.parse(value.toString()));
  return { source, position: Number(position), event: { type, data } as DecisionEvent, bytes: value };
}
