import { eventEnvelope, eventSchemas } from '@latchkey/contracts';
import { z } from 'zod';
import type { RecordedEvent } from '../event-store';

/** A message of the bus, as much of it as a projection needs. */
export interface IncomingMessage {
  /** The aggregate's id. */
  readonly key: string;
  /** A CloudEvent in structured JSON mode. */
  readonly value: Buffer;
}

/** Payload schema by event type. */
export type EventSchemas = Readonly<Record<string, z.ZodType>>;

export const knownSchemas: EventSchemas = eventSchemas;

/** No retry can mend it as things are: the event does not fit its schema, or the reducer cannot take it. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
}

/** Postgres holds no NUL. What has one is no event of ours, yet it must be possible to park it. */
export const storable = (text: string): string => text.replaceAll('\0', '\ufffd');

export const aggregateOf = (message: IncomingMessage): string => storable(message.key);

/**
 * Reads the event out of a message.
 * @throws PoisonError
 */
export function incomingEvent(message: IncomingMessage): RecordedEvent {
  const envelope = parsedOrPoison('message', () => eventEnvelope.parse(JSON.parse(message.value.toString('utf8'))));
  if (envelope.subject !== aggregateOf(message))
    throw new PoisonError('message: its key is not the subject of its event');
  return {
    eventId: envelope.id,
    streamId: envelope.subject,
    version: envelope.streamversion,
    type: envelope.type,
    data: envelope.data,
    meta: {
      actorId: envelope.actorid,
      workspaceId: envelope.workspaceid,
      requestId: envelope.requestid,
      at: new Date(envelope.time),
    },
  };
}

/** @throws PoisonError */
export function checkPayload(event: RecordedEvent, schemas: EventSchemas): void {
  const schema = Object.hasOwn(schemas, event.type) ? schemas[event.type] : undefined;
  if (!schema) throw new PoisonError(`version ${event.version}: unknown event type ${event.type}`);
  parsedOrPoison(`version ${event.version}`, () => schema.parse(event.data));
}

/** Runs code that does no I/O: whatever it throws, it would throw again. */
export function parsedOrPoison<Value>(what: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw new PoisonError(`${what}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')).join('; ');
  }
  return error instanceof Error ? error.message : 'refused';
}
