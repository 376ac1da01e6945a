import { z } from 'zod';
import { PoisonMessageError, type DeliveredMessage, type EventBus, type Subscription } from './event-bus';

const anyEvent = z.looseObject({ type: z.string(), data: z.unknown() });

/** The event in a message, by the schema of what is wanted of its envelope. @throws PoisonMessageError, whose reason quotes no value */
export function eventIn<Event>({ value }: Pick<DeliveredMessage, 'value'>, schema: z.ZodType<Event>): Event {
  const event = schema.safeParse(json(value));
  if (!event.success) throw new PoisonMessageError('not an event');
  return event.data;
}

/**
 * What an event of this type says, by its schema; null for an event of another.
 * @throws PoisonMessageError, whose reason quotes no value
 */
export function payloadOf<Payload>(
  message: Pick<DeliveredMessage, 'value'>,
  type: string,
  schema: z.ZodType<Payload>,
): Payload | null {
  const event = eventIn(message, anyEvent);
  if (event.type !== type) return null;
  const payload = schema.safeParse(event.data);
  if (!payload.success) throw new PoisonMessageError(`not an event of type ${type}`);
  return payload.data;
}

function json(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new PoisonMessageError('not JSON');
  }
}

export interface TopicReading {
  readonly group: string;
  readonly topic: string;
  /** At least once for each message, as `SubscribeOptions` has it. */
  handle(this: void, message: DeliveredMessage): Promise<void>;
}

/** Reads a topic beside the audit, from when the application has started until it stops: Nest calls it by these names. */
export class TopicReader {
  #subscription: Subscription | undefined;

  constructor(
    private readonly bus: Pick<EventBus, 'subscribe'>,
    private readonly reading: TopicReading,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { group, topic, handle } = this.reading;
    this.#subscription = await this.bus.subscribe({
      ...{ group, topics: [topic], handle },
      // The audit puts it aside, as it reads the same; the bus logs that it was passed by.
      park: () => Promise.resolve(),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.#subscription?.close();
  }
}
