import { commandIdOf, type Command, type CommandKind } from './history';

/** One event as the owner's store has it. */
export interface StoredEvent {
  readonly streamId: string;
  readonly version: number;
  readonly eventId: string;
  readonly type: string;
  readonly requestId: string;
  /** Canonical JSON. */
  readonly data: string;
  readonly position: number;
}

/** One message as Kafka has it. */
export interface PublishedMessage {
  readonly key: string;
  readonly value: Buffer;
}

/** One event as the audit keeps it. */
export interface AuditedEvent {
  readonly position: number;
  readonly eventId: string;
  readonly bytes: Buffer;
}

/** One service's events, in each of the places where they are kept. */
export interface Source {
  readonly name: string;
  /** By position. */
  readonly stored: readonly StoredEvent[];
  /** Committed, and without a position. */
  readonly waiting: number;
  /** In the order of each partition. */
  readonly published: readonly PublishedMessage[];
  /** By position. */
  readonly audited: readonly AuditedEvent[];
  /** First and last position of what the audit says to be complete. */
  readonly ranges: readonly (readonly [number, number])[];
}

export interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly position: string;
  readonly streamversion: number;
  readonly requestid: string;
  readonly data: unknown;
}

const EVENT_OF: Readonly<Record<CommandKind, string>> = {
  create: 'latchkey.key.created.v1',
  rotate: 'latchkey.key.rotated.v1',
  update: 'latchkey.key.updated.v1',
  revoke: 'latchkey.key.revoked.v1',
};

/** Acknowledged commands without their event, in the store or in the audit. */
export function lostCommands(commands: readonly Command[], { stored, audited }: Source): string[] {
  const events = eventsByCommand(stored);
  const known = new Set(audited.map(({ eventId }) => eventId));
  return acknowledged(commands).flatMap(({ id, kind }) => {
    const event = events.get(id)?.find(({ type }) => type === EVENT_OF[kind]);
    if (event === undefined) return [`${id} (${kind}) was acknowledged and has no event`];
    return known.has(event.eventId) ? [] : [`${id} (${kind}) was acknowledged and is not in the audit`];
  });
}

/** Commands whose event is there more than once, whatever their clients were told. */
export function repeatedCommands(commands: readonly Command[], { stored }: Source): string[] {
  const events = eventsByCommand(stored);
  return commands.flatMap(({ id, kind }) => {
    const times = (events.get(id) ?? []).filter(({ type }) => type === EVENT_OF[kind]).length;
    return times > 1 ? [`${id} (${kind}) was applied ${times} times`] : [];
  });
}

/** Keys that the list does not show as the acknowledged commands left them. A key with a command of unknown outcome may be either. */
export function wronglyListed(commands: readonly Command[], listed: readonly ListedKey[]): string[] {
  const byId = new Map(listed.map((key) => [key.id, key]));
  const ofKey = new Map<string, Command[]>();
  for (const command of commands)
    if (command.keyId !== null) ofKey.set(command.keyId, [...(ofKey.get(command.keyId) ?? []), command]);
  return [...ofKey].flatMap(([keyId, history]) => {
    const done = acknowledged(history);
    const key = byId.get(keyId);
    if (done.length === 0) return [];
    if (key === undefined) return [`${keyId} was acknowledged and is not in the list`];
    const unsure = history.some(({ outcome }) => outcome === 'unknown');
    const name = done.findLast((command) => command.name !== undefined)?.name;
    const wrongName = !unsure && name !== undefined && key.name !== name;
    const revoked = done.some(({ kind }) => kind === 'revoke');
    const wrongStatus = revoked ? key.status !== 'revoked' : !unsure && key.status !== 'active';
    return [
      ...(wrongName ? [`${keyId} has the name ${key.name}, not ${name}`] : []),
      ...(wrongStatus ? [`${keyId} is listed as ${key.status}`] : []),
    ];
  });
}

export const refusedCommands = (commands: readonly Command[]): string[] =>
  commands.flatMap(({ id, kind, outcome, answer }) =>
    outcome === 'refused' ? [`${id} (${kind}) was refused: ${answer}`] : [],
  );

/** Gaps and repetitions in the positions, and versions of a stream that do not follow each other in the order of positions. */
export function brokenOrder({ name, stored, waiting }: Source): string[] {
  const versions = new Map<string, number>();
  const wrong = waiting > 0 ? [`${name}: ${waiting} events wait for a position`] : [];
  stored.forEach(({ position, streamId, version }, index) => {
    if (position !== index + 1) wrong.push(`${name}: position ${position} in place ${index + 1}`);
    const last = versions.get(streamId) ?? 0;
    if (version !== last + 1) wrong.push(`${name}: version ${version} of ${streamId} follows ${last}`);
    versions.set(streamId, version);
  });
  return wrong;
}

/** What was published is every stored event as it is, each key's in order, and nothing else. A repetition is no violation. */
export function wronglyPublished({ name, stored, published }: Source): string[] {
  const wrong: string[] = [];
  const firsts = new Map<number, Buffer>();
  const versions = new Map<string, number>();
  for (const { key, value } of published) {
    const event = parsed(value);
    const position = Number(event.position);
    const first = firsts.get(position);
    if (first !== undefined) {
      if (!first.equals(value)) wrong.push(`${name}: position ${position} was published with two contents`);
      continue;
    }
    firsts.set(position, value);
    const last = versions.get(key) ?? 0;
    if (event.streamversion !== last + 1)
      wrong.push(`${name}: version ${event.streamversion} of ${key} was published after ${last}`);
    versions.set(key, event.streamversion);
    if (!isSame(stored[position - 1], key, event)) wrong.push(`${name}: position ${position} is not what is stored`);
  }
  for (const { position } of stored)
    if (!firsts.has(position)) wrong.push(`${name}: position ${position} was not published`);
  return wrong;
}

/** The audit's copy is what was published, byte for byte, and it says so: one range without a gap. */
export function wronglyAudited({ name, published, audited, ranges }: Source): string[] {
  const copies = new Map(audited.map(({ position, bytes }) => [position, bytes]));
  const messages = new Map(published.map(({ value }) => [Number(parsed(value).position), value]));
  const wrong = [...messages].flatMap(([position, value]) => {
    const copy = copies.get(position);
    if (copy === undefined) return [`${name}: position ${position} is not in the audit`];
    return copy.equals(value) ? [] : [`${name}: the audit's copy of position ${position} differs`];
  });
  if (copies.size !== audited.length) wrong.push(`${name}: the audit has a position twice`);
  for (const position of copies.keys())
    if (!messages.has(position)) wrong.push(`${name}: the audit has position ${position}, which was not published`);
  const complete = ranges.length === 1 && ranges[0]?.[0] === 1 && ranges[0][1] === messages.size;
  if (!complete) wrong.push(`${name}: the audit's ranges are ${JSON.stringify(ranges)} for ${messages.size} positions`);
  return wrong;
}

const acknowledged = (commands: readonly Command[]) => commands.filter(({ outcome }) => outcome === 'acknowledged');

function eventsByCommand(stored: readonly StoredEvent[]): ReadonlyMap<string, readonly StoredEvent[]> {
  const events = new Map<string, StoredEvent[]>();
  for (const event of stored) {
    const id = commandIdOf(event.requestId);
    const others = events.get(id);
    if (others === undefined) events.set(id, [event]);
    else others.push(event);
  }
  return events;
}

const parsed = (value: Buffer) => JSON.parse(value.toString()) as Envelope;

const isSame = (stored: StoredEvent | undefined, key: string, event: Envelope): boolean =>
  stored !== undefined &&
  stored.position === Number(event.position) &&
  stored.eventId === event.id &&
  stored.streamId === key &&
  stored.streamId === event.subject &&
  stored.version === event.streamversion &&
  stored.type === event.type &&
  stored.requestId === event.requestid &&
  stored.data === JSON.stringify(event.data);
