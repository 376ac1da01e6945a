import { sessionId, workspaceId, type SessionId, type UserId } from '@latchkey/kernel';
import type { SessionEvent, SessionSubject, SessionUse } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, type TransactionalEventStore } from '@latchkey/event-store';
import type { ChangedSubject, OwnerReader, SubjectChanges } from '@latchkey/live-state';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { ListPosition, Transaction } from '../application/ports';
import type { ListedSession, Seen, SessionStore, SessionWrite, WrittenSession } from '../application/session-ports';
import { evolveSession, initialSession, type OpenedSession, type SessionState } from '../domain/session/session';
import { sessionSubject, slidIdleLimit } from '../domain/session/subject';
import { requireInUse, requireLiveUser, subjectOf } from './live-session';

interface SessionRow {
  readonly session_id: string;
  readonly workspace_id: string;
  readonly generation: number;
  readonly second_factor: boolean;
  readonly opened_at: Date;
  readonly expires_at: Date;
  readonly idle_until_ms: string;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly last_active_at: Date | null;
}

/** Not ended by itself or with all of the user's, nor idle for too long, nor at the end of its life. `$1`: the user, `$2`: now. */
const LIVE = `SELECT s.session_id, s.workspace_id, s.generation, s.second_factor, s.opened_at, s.expires_at,
    state.body ->> 'idleUntilMs' AS idle_until_ms, d.ip, d.user_agent, d.last_active_at
  FROM session s
  JOIN subject_state state ON state.kind = 'session' AND state.id = s.session_id
  JOIN subject_state owner ON owner.kind = 'user' AND owner.id = s.user_id
  LEFT JOIN session_detail d ON d.session_id = s.session_id
 WHERE s.user_id = $1 AND NOT s.ended
   AND s.generation >= (owner.body ->> 'sessionGeneration')::integer
   AND s.expires_at > $2
   AND (state.body ->> 'idleUntilMs')::numeric > extract(epoch FROM $2::timestamptz) * 1000`;

const USER_AGENT_LENGTH_MAX = 400;
const PRUNED_AT_ONCE = 1_000;

/** Sessions in identity's schema. */
export class PostgresSessionStore implements SessionStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: TransactionalEventStore,
    private readonly subjects: SubjectChanges & OwnerReader,
    /** How long a session lives unless it is used, in ms (C9). */
    private readonly idleMs: number,
  ) {}

  async write({ sessionId: id, decide, meta, token, seen, within }: SessionWrite): Promise<WrittenSession> {
    // Of the last attempt: one before it may have come to another decision, and was rolled back.
    let changed: ChangedSubject | null = null;
    const { state } = await decideAndAppend<SessionState, SessionEvent>(this.events, {
      ...aggregate(id),
      decide: (found) => {
        changed = null;
        return decide(found);
      },
      meta,
      within: async (tx, _recorded, after) => {
        const body =
          after.status === 'Open' && token
            ? await this.#keep(tx, after, sha256(token.reveal()), meta.at, seen)
            : await forget(tx, id);
        changed = await this.subjects.write(tx, { kind: 'session', id, body });
        await within?.(tx);
      },
    });
    return { state, changed: changed ?? (await this.#unchanged(id, meta.workspaceId)) };
  }

  async endIn(
    tx: Transaction,
    { sessionId: id, decide, meta }: Pick<SessionWrite, 'sessionId' | 'decide' | 'meta'>,
  ): Promise<ChangedSubject> {
    await decideAndAppend<SessionState, SessionEvent>(this.events.in(tx), {
      ...aggregate(id),
      decide,
      meta,
      attempts: 1,
    });
    return this.subjects.write(tx, { kind: 'session', id, body: await forget(tx, id) });
  }

  async find(userId: UserId, id: string, now: Date): Promise<ListedSession | null> {
    const [found] = await this.#live('AND s.session_id = $3', [userId, now, id]);
    return found ?? null;
  }

  after(userId: UserId, position: ListPosition | null, limit: number, now: Date): Promise<readonly ListedSession[]> {
    const from = position ? 'AND (s.opened_at, s.session_id) > ($4, $5)' : '';
    return this.#live(`${from} ORDER BY s.opened_at, s.session_id LIMIT $3`, [
      userId,
      now,
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  async note(uses: readonly SessionUse[]): Promise<void> {
    const usedAt = new Map(uses.map(({ sessionId: id, atMs }) => [id as string, new Date(atMs)]));
    try {
      await this.dataSource.transaction(async (tx) => {
        // In one order, so that two of these do not wait for each other in a circle.
        const rows = await tx.query<{ id: string; body: SessionSubject }[]>(
          `SELECT id, body FROM subject_state WHERE kind = 'session' AND id = ANY($1) ORDER BY id FOR NO KEY UPDATE`,
          [[...usedAt.keys()]],
        );
        for (const { id, body } of rows) {
          const at = usedAt.get(id);
          const slid = at && slidIdleLimit(body, at, this.idleMs);
          if (!slid) continue;
          await this.subjects.write(tx, { kind: 'session', id, body: slid });
          await tx.query('UPDATE session_detail SET last_active_at = $2 WHERE session_id = $1', [id, at]);
        }
      });
    } catch (error) {
      throw databaseFailure(error, 'noting the use of sessions');
    }
  }

  async prune(time: Date): Promise<void> {
    try {
      for (let pruned = PRUNED_AT_ONCE; pruned === PRUNED_AT_ONCE;) {
        const [, count] = await this.dataSource.query<[unknown[], number]>(
          `WITH old AS (SELECT session_id FROM session WHERE expires_at < $1 LIMIT ${PRUNED_AT_ONCE}),
                detail AS (DELETE FROM session_detail USING old WHERE session_detail.session_id = old.session_id),
                state AS (DELETE FROM subject_state USING old WHERE kind = 'session' AND id = old.session_id)
           DELETE FROM session USING old WHERE session.session_id = old.session_id`,
          [time],
        );
        pruned = count;
      }
    } catch (error) {
      throw databaseFailure(error, 'forgetting old sessions');
    }
  }

  /** The read model and the details of a session that was opened, or refreshed; answers its subject. */
  async #keep(
    tx: Transaction,
    session: OpenedSession,
    digest: string,
    now: Date,
    seen?: Seen,
  ): Promise<SessionSubject> {
    const { sessionId: id, userId, workspaceId: workspace, generation, secondFactor, openedAt, expiresAt } = session;
    await requireLiveUser(tx, session);
    if (session.tokenNumber > 1) await requireInUse(tx, id, now);
    // Where the user goes on the next time.
    else await tx.query('UPDATE user_contact SET last_workspace_id = $2 WHERE user_id = $1', [userId, workspace]);
    await tx.query(
      `INSERT INTO session (session_id, user_id, workspace_id, generation, second_factor, opened_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [id, userId, workspace, generation, secondFactor, openedAt, expiresAt],
    );
    await tx.query(
      `INSERT INTO session_detail (session_id, user_id, ip, user_agent, last_active_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (session_id) DO UPDATE
         SET ip = excluded.ip, user_agent = excluded.user_agent, last_active_at = excluded.last_active_at`,
      [id, userId, seen?.ip ?? null, seen?.userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? null, now],
    );
    return sessionSubject(session, digest, new Date(now.getTime() + this.idleMs));
  }

  async #unchanged(id: SessionId, workspace: string): Promise<ChangedSubject> {
    try {
      const [snapshot] = await this.subjects.read([{ kind: 'session', id }]);
      return { kind: 'session', id, workspaceId: workspace, version: snapshot?.version ?? 0 };
    } catch (error) {
      throw databaseFailure(error, `reading session ${id}`);
    }
  }

  async #live(and: string, parameters: unknown[]): Promise<readonly ListedSession[]> {
    try {
      const rows = await this.dataSource.query<SessionRow[]>(`${LIVE} ${and}`, parameters);
      return rows.map(listed);
    } catch (error) {
      throw databaseFailure(error, 'reading sessions');
    }
  }
}

const aggregate = (streamId: SessionId) => ({ streamId, initialState: initialSession, evolve: evolveSession });

/** What is personal goes when the session ends. */
async function forget(tx: Transaction, id: SessionId): Promise<SessionSubject> {
  await tx.query('UPDATE session SET ended = true WHERE session_id = $1', [id]);
  await tx.query('DELETE FROM session_detail WHERE session_id = $1', [id]);
  return { ...(await subjectOf(tx, id)), status: 'ended' };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const listed = (row: SessionRow): ListedSession => ({
  sessionId: sessionId(row.session_id),
  workspaceId: workspaceId(row.workspace_id),
  generation: row.generation,
  secondFactor: row.second_factor,
  openedAt: row.opened_at,
  lastActiveAt: row.last_active_at,
  idleUntil: new Date(Number(row.idle_until_ms)),
  expiresAt: row.expires_at,
  seen: { ip: row.ip, userAgent: row.user_agent },
});
