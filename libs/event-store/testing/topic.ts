import type { EventEnvelope } from '@latchkey/contracts';
import type { OutgoingMessage, Publisher } from '../relay/publisher';

/** A topic in memory that keeps what was published, again and again if so. */
export class Topic implements Publisher {
  readonly messages: OutgoingMessage[] = [];
  /** Publishes that fail before one succeeds. */
  failuresLeft = 0;

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new Error('the topic is away');
    }
    this.messages.push(...messages);
  }

  get events(): readonly EventEnvelope[] {
    return this.messages.map((message) => JSON.parse(message.value.toString('utf8')) as EventEnvelope);
  }

  get positions(): readonly number[] {
    return this.events.map((event) => Number(event.position));
  }

  /** What a reader has that drops the positions it knows. */
  get distinct(): readonly EventEnvelope[] {
    const known = new Map<string, EventEnvelope>();
    for (const event of this.events) if (!known.has(event.position)) known.set(event.position, event);
    return [...known.values()];
  }

  /** Positions under which two different events were published. */
  get forks(): readonly string[] {
    const idAt = new Map<string, string>();
    return this.events
      .filter((event) => {
        const id = idAt.get(event.position) ?? event.id;
        idAt.set(event.position, id);
        return id !== event.id;
      })
      .map((event) => event.position);
  }
}

/** Where a relay waits till a test lets it go on. */
export class Gate {
  readonly arrived: Promise<void>;
  #arrive: () => void = () => undefined;
  #open: () => void = () => undefined;
  readonly #opened: Promise<void>;

  constructor() {
    this.arrived = new Promise((resolve) => (this.#arrive = resolve));
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  readonly pass = async (): Promise<void> => {
    this.#arrive();
    await this.#opened;
  };

  open(): void {
    this.#open();
  }
}
