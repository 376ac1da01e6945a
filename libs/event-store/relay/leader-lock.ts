import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { dedicatedConnection } from '../postgres/database';

const FAREWELL_MS = 500;

/**
 * One leader per schema: an advisory lock that lives as long as its session, and a token that counts the leaders. The server ends a
 * session that is silent for `leaseMs`, so a leader that is paused, or cut off, loses the lock without having to notice; the token
 * tells it apart from its successor, in the database, where it counts.
 */
export class LeaderLock {
  #client: Client | null = null;
  #token: bigint | null = null;
  /** By the monotonic clock, taken before the statement that proved the session alive. */
  #confirmedAtMs = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly leaseMs: number,
  ) {}

  /** The token while this instance leads; `null` while another one does. */
  async lead(): Promise<bigint | null> {
    if (this.held) return this.#token;
    if (this.#token !== null) await this.release();
    return this.#tryToLead();
  }

  /** Asks no one: whether the session cannot have ended yet, by silence or by an error that was seen. */
  get held(): boolean {
    return this.#client !== null && this.#token !== null && performance.now() < this.#confirmedAtMs + this.leaseMs;
  }

  /** Gives the lock up, if it is held, and the connection. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    const client = this.#client;
    this.#client = null;
    this.#token = null;
    // The server frees the lock when the session is gone. On a connection that is cut off the farewell is never answered.
    await Promise.race([client?.end().catch(() => undefined), pause(FAREWELL_MS)]);
  }

  async #tryToLead(): Promise<bigint | null> {
    const client = this.#client ?? (await this.#connect());
    const askedAtMs = performance.now();
    const { rows } = await client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtextextended('latchkey.relay.' || current_schema(), 0)) AS locked`,
    );
    if (!rows[0]?.locked) return null;
    // Waits for a transaction of the last leader that still holds the row, at most until the server ends that one.
    const leader = await client.query<{ token: string }>('UPDATE relay SET token = token + 1 RETURNING token');
    this.#confirmedAtMs = askedAtMs;
    this.#token = BigInt(leader.rows[0]?.token ?? 0);
    this.#heartbeat = setInterval(() => void this.#confirm(client), this.leaseMs / 4);
    return this.#token;
  }

  async #connect(): Promise<Client> {
    const client = await dedicatedConnection(this.dataSource, {
      role: 'relay',
      idleSessionTimeoutMs: this.leaseMs,
      statementTimeoutMs: 2 * this.leaseMs,
    });
    client.on('end', () => this.#lost(client));
    this.#client = client;
    return client;
  }

  async #confirm(client: Client): Promise<void> {
    const askedAtMs = performance.now();
    try {
      await client.query('SELECT 1');
      this.#confirmedAtMs = askedAtMs;
    } catch {
      this.#lost(client);
    }
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    clearInterval(this.#heartbeat);
    this.#client = null;
  }
}
