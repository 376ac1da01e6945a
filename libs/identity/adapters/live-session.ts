import { AppError, type SessionId } from '@latchkey/kernel';
import type { SessionSubject, UserSubject } from '@latchkey/contracts';
import type { Transaction } from '../application/ports';
import type { OpenedSession } from '../domain/session/session';

/** Nobody else changes it until the commit. */
export async function subjectOf(tx: Transaction, id: SessionId): Promise<SessionSubject> {
  const [row] = await tx.query<{ body: SessionSubject }[]>(
    `SELECT body FROM subject_state WHERE kind = 'session' AND id = $1 FOR NO KEY UPDATE`,
    [id],
  );
  if (row === undefined) throw new AppError('session.ended');
  return row.body;
}

/** @throws AppError `session.ended` for a session that nobody used for too long: that is in no event */
export async function requireInUse(tx: Transaction, id: SessionId, now: Date): Promise<void> {
  const { idleUntilMs } = await subjectOf(tx, id);
  if (idleUntilMs <= now.getTime()) throw new AppError('session.ended');
}

/**
 * Whoever changes the user waits from here on, and whoever has changed it is seen.
 * @throws AppError `session.ended` when all sessions of this generation have ended, `member.not_found` when the user has no role in the
 * workspace: that is why a new session is refused, and ends one that there is
 */
export async function requireLiveUser(
  tx: Transaction,
  { userId, workspaceId, generation, tokenNumber }: OpenedSession,
): Promise<void> {
  const [row] = await tx.query<{ body: UserSubject }[]>(
    `SELECT body FROM subject_state WHERE kind = 'user' AND id = $1 FOR SHARE`,
    [userId],
  );
  const user = row?.body;
  if (user?.status !== 'active' || user.sessionGeneration > generation) throw new AppError('session.ended');
  if (Object.hasOwn(user.roles, workspaceId)) return;
  throw new AppError(tokenNumber === 1 ? 'member.not_found' : 'session.ended');
}
