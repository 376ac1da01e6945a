import { TELEMETRY_TOPICS } from '@latchkey/contracts';
import type { DeliveredMessage } from '@latchkey/event-bus';
import type { Clock, Secret } from '@latchkey/kernel';
import { derivedKey, seal, unseal } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { ParkedMessages } from '../application/ports';

const REASON_MAX = 500;

export interface MessagePlace {
  readonly topic: string;
  readonly partition: number;
  /** As a decimal string. */
  readonly offset: string;
}

/** All that can be said of a parked message without its content. */
export interface ParkedMessage extends MessagePlace {
  readonly reason: string;
  readonly parkedAt: Date;
}

interface ParkedRow {
  readonly topic: string;
  readonly partition: number;
  readonly place: string;
  readonly reason: string;
  readonly parked_at: Date;
}

interface ValueRow {
  readonly value: Buffer;
  readonly sealed: boolean;
}

/** What a message belongs to: it opens nowhere else. */
const contextOf = ({ topic, partition, offset }: MessagePlace) => JSON.stringify([topic, partition, offset]);

/**
 * Messages that were put aside, encrypted: what is in a message that could not be read is not known, addresses of callers perhaps. It may name
 * no workspace, so the key is the installation's.
 */
export class PostgresParkedMessages implements ParkedMessages {
  readonly #key: Buffer;

  constructor(
    private readonly dataSource: DataSource,
    masterKey: Secret,
    private readonly clock: Clock,
  ) {
    this.#key = derivedKey(masterKey, 'latchkey/audit/parked-messages/v1');
  }

  async park(message: DeliveredMessage, reason: string): Promise<void> {
    const { topic, partition, offset, value } = message;
    await this.dataSource.query(
      `INSERT INTO parked_messages (topic, partition, place, value, reason, parked_at, sealed)
       VALUES ($1, $2, $3, $4, $5, $6, true) ON CONFLICT DO NOTHING`,
      [
        ...[topic, partition, offset, seal(this.#key, value, contextOf(message))],
        ...[reason.replaceAll('\0', '').slice(0, REASON_MAX), this.clock.now()],
      ],
    );
  }

  /** Those of commands stay: they are of the record that is never deleted. */
  async prune(time: Date): Promise<number> {
    const [, pruned] = await this.dataSource.query<[unknown[], number]>(
      'DELETE FROM parked_messages WHERE topic = ANY($1) AND parked_at < $2',
      [TELEMETRY_TOPICS, time],
    );
    return pruned;
  }

  /** Oldest first. */
  async list(): Promise<readonly ParkedMessage[]> {
    const rows = await this.dataSource.query<ParkedRow[]>(
      'SELECT topic, partition, place, reason, parked_at FROM parked_messages ORDER BY parked_at, topic, partition, place',
    );
    return rows.map(({ place, parked_at: parkedAt, ...row }) => ({ ...row, offset: place, parkedAt }));
  }

  /** The bytes as they came; null when no such message is parked. @throws Error with another master key than it was parked with */
  async read(place: MessagePlace): Promise<Buffer | null> {
    const { topic, partition, offset } = place;
    const [row] = await this.dataSource.query<ValueRow[]>(
      'SELECT value, sealed FROM parked_messages WHERE topic = $1 AND partition = $2 AND place = $3',
      [topic, partition, offset],
    );
    if (row === undefined) return null;
    return row.sealed ? unseal(this.#key, row.value, contextOf(place)) : row.value;
  }
}
