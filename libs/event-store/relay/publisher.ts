import type { EventEnvelope } from '@latchkey/contracts';
import type { PublishedEvent } from '../event-store';

export interface OutgoingMessage {
  readonly topic: string;
  /** The aggregate's id, so that one aggregate's events stay in order. */
  readonly key: string;
  /** A CloudEvent in structured JSON mode. */
  readonly value: Buffer;
}

/** Where the relay publishes to; an event bus is one. */
export interface Publisher {
  /** Resolves when the messages are durable, in the order given per key. May be called again with messages it has had before. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
}

export function toEnvelope(event: PublishedEvent, source: string): EventEnvelope {
  return {
    specversion: '1.0',
    id: event.eventId,
    source,
    type: event.type,
    subject: event.streamId,
    time: event.meta.at.toISOString(),
    datacontenttype: 'application/json',
    streamversion: event.version,
    position: event.position.toString(),
    workspaceid: event.meta.workspaceId,
    actorid: event.meta.actorId,
    requestid: event.meta.requestId,
    data: event.data,
  };
}
