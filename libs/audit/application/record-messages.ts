import { eventEnvelope, TELEMETRY_TOPICS, type EventEnvelope } from '@latchkey/contracts';
import { PoisonMessageError, type DeliveredMessage } from '@latchkey/event-bus';
import { z } from 'zod';
import { batchOf } from './telemetry-batch';
import type { AuditLog, DecisionLog, ParkedMessages, RecordOutcome } from './ports';

/**
 * Only the envelope has to be right: an event of a type that this version does not know, or with further attributes, happened all
 * the same.
 */
const anyEvent = z.looseObject(eventEnvelope.shape);

/** Handler of the audit's subscription: every event is kept, once. */
export class RecordMessages {
  constructor(
    private readonly log: AuditLog,
    private readonly decisions: DecisionLog,
    private readonly parked: Pick<ParkedMessages, 'park'>,
  ) {}

  async handle(message: DeliveredMessage): Promise<void> {
    const event = parse(message.value);
    const outcome = await this.record(event, message);
    if (outcome === 'contradiction')
      throw new PoisonMessageError(
        `position ${event.position} of ${event.source} and event ${event.id} do not belong together`,
      );
    if (outcome === 'unstorable') throw new PoisonMessageError('an attribute has a value that cannot be stored');
  }

  /** Telemetry comes in another amount than commands, and holds addresses: it has a log of its own, which forgets. */
  private record(event: EventEnvelope, { topic, value }: DeliveredMessage): Promise<RecordOutcome> {
    return TELEMETRY_TOPICS.some((each) => each === topic)
      ? this.decisions.record(batchOf(event), value.length)
      : this.log.record(event, value);
  }

  park(message: DeliveredMessage, reason: string): Promise<void> {
    return this.parked.park(message, reason);
  }
}

/** The reasons quote no value: what is in a broken message is not known. */
function parse(value: Buffer): EventEnvelope {
  const result = anyEvent.safeParse(json(value));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PoisonMessageError(`not an event: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function json(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new PoisonMessageError('not an event: not JSON');
  }
}
