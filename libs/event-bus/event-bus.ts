export interface BusMessage {
  readonly topic: string;
  /** The aggregate's id: messages of one key stay in order. */
  readonly key: string;
  /** A CloudEvent in structured JSON mode. */
  readonly value: Buffer;
}

export interface DeliveredMessage extends BusMessage {
  readonly partition: number;
  /** Place in the partition, as a decimal string. */
  readonly offset: string;
}

/** Thrown by a handler for a message that no retry can mend. Any other error is tried again, without end, with backoff. */
export class PoisonMessageError extends Error {
  override readonly name = 'PoisonMessageError';
}

export interface SubscribeOptions {
  /** One group is one reader: its members share the partitions, and its place is kept. */
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * At least once, one at a time per partition, in order per key. A message may come again after a crash or while members join
   * and leave, so the handler has to recognise what it has seen.
   */
  handle(message: DeliveredMessage): Promise<void>;
  /** Takes a poison message out of the way. Only after it resolves does the group go on. */
  park(message: DeliveredMessage, reason: string): Promise<void>;
}

export interface Subscription {
  /** Finishes the message at hand, keeps the place, leaves the group. */
  close(): Promise<void>;
}

export interface EventBus {
  /**
   * Resolves when the messages are durable (`acks=all`), in the order given per key.
   * @throws AppError `service.unavailable`: some of them, or all, may be durable nevertheless. Publish the same ones again: the
   * readers drop what they have seen.
   */
  publish(messages: readonly BusMessage[]): Promise<void>;
  /**
   * A group that is new reads from the start. Resolves at once, whether the broker can be reached or not: the subscription
   * connects, and connects again, until it is closed.
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Closes every subscription, then what is being published is finished. */
  close(): Promise<void>;
}

/** Where an adapter tells what no caller would see: lost connections, retries, parked messages. A pino logger is one. */
export interface BusLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
