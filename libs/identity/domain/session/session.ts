import { AppError, assertNever, sessionId, userId, workspaceId } from '@latchkey/kernel';
import type { SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { SessionEvent } from '@latchkey/contracts';

export interface OpenSession {
  readonly type: 'OpenSession';
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** The user's, at the moment of the append. */
  readonly generation: number;
  readonly secondFactor: boolean;
  readonly expiresAt: Date;
  readonly now: Date;
}

/** Trades the token of this number in for the next one. */
export interface RefreshSession {
  readonly type: 'RefreshSession';
  readonly tokenNumber: number;
  /** A token that a refresh gave is not traded in before it is so old, in ms. */
  readonly ageLeastMs: number;
  readonly now: Date;
}

export type SessionEndReason = Extract<SessionEvent, { type: 'latchkey.session.ended.v1' }>['data']['reason'];

export interface EndSession {
  readonly type: 'EndSession';
  readonly reason: SessionEndReason;
  readonly now: Date;
}

/** For another session that takes its place: of several who leave at once, one does. */
export interface LeaveSession {
  readonly type: 'LeaveSession';
  readonly now: Date;
}

export type SessionCommand = OpenSession | RefreshSession | EndSession | LeaveSession;

export interface OpenedSession {
  readonly status: 'Open';
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  readonly generation: number;
  readonly secondFactor: boolean;
  readonly openedAt: Date;
  readonly expiresAt: Date;
  /** From 1. */
  readonly tokenNumber: number;
  readonly refreshedAt: Date;
}

export type SessionState = { readonly status: 'None' | 'Ended' } | OpenedSession;

export const initialSession: SessionState = { status: 'None' };

/** For so long a token that was traded in may come again without harm: a second tab, or an answer that got lost (C32). */
export const REUSE_TOLERATED_MS = 10_000;

/**
 * Whether the user's sessions have all ended, and whether it was idle for too long, is for the caller to know: neither is in its history.
 * @throws AppError `stream.exists`, `session.ended`, `session.token_replaced` for a token that was traded in up to 10 s ago,
 * `auth.rate_limited` for one that is too new to be traded in
 */
export function decideSession(command: SessionCommand, state: SessionState): readonly SessionEvent[] {
  const at = command.now.toISOString();
  switch (command.type) {
    case 'OpenSession': {
      if (state.status !== 'None') throw new AppError('stream.exists');
      const { sessionId, userId, workspaceId, generation, secondFactor, expiresAt } = command;
      const opened = { sessionId, userId, workspaceId, generation, secondFactor };
      const data = { ...opened, expiresAt: expiresAt.toISOString(), openedAt: at };
      return [{ type: 'latchkey.session.opened.v1', data }];
    }
    case 'RefreshSession':
      return refresh(command, state);
    case 'EndSession':
      if (state.status !== 'Open') return [];
      return [{ type: 'latchkey.session.ended.v1', data: { reason: command.reason, endedAt: at } }];
    case 'LeaveSession':
      if (state.status !== 'Open' || state.expiresAt <= command.now) throw new AppError('session.ended');
      return [{ type: 'latchkey.session.ended.v1', data: { reason: 'workspace_switched', endedAt: at } }];
    default:
      return assertNever(command);
  }
}

function refresh({ tokenNumber, ageLeastMs, now }: RefreshSession, state: SessionState): readonly SessionEvent[] {
  if (state.status !== 'Open' || state.expiresAt <= now) throw new AppError('session.ended');
  const at = now.toISOString();
  if (tokenNumber === state.tokenNumber) {
    requireAge(state, ageLeastMs, now);
    return [{ type: 'latchkey.session.refreshed.v1', data: { tokenNumber: tokenNumber + 1, refreshedAt: at } }];
  }
  const justReplaced = tokenNumber === state.tokenNumber - 1;
  if (justReplaced && now.getTime() - state.refreshedAt.getTime() < REUSE_TOLERATED_MS) {
    throw new AppError('session.token_replaced');
  }
  // Two hold the session, and one of them is not its user.
  return [{ type: 'latchkey.session.ended.v1', data: { reason: 'token_reused', endedAt: at } }];
}

/** Each refresh is an event for ever. The token of the sign-in may be traded in at once: signing in has bounds of its own. */
function requireAge({ tokenNumber, refreshedAt }: OpenedSession, ageLeastMs: number, now: Date): void {
  const leftMs = refreshedAt.getTime() + ageLeastMs - now.getTime();
  if (tokenNumber === 1 || leftMs <= 0) return;
  throw new AppError('auth.rate_limited', {
    public: 'This token is new. Go on with it, and refresh it later.',
    retryAfterSeconds: Math.ceil(leftMs / 1_000),
  });
}

export function evolveSession(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case 'latchkey.session.opened.v1': {
      const { data } = event;
      return {
        status: 'Open',
        sessionId: sessionId(data.sessionId),
        userId: userId(data.userId),
        workspaceId: workspaceId(data.workspaceId),
        generation: data.generation,
        secondFactor: data.secondFactor,
        openedAt: new Date(data.openedAt),
        expiresAt: new Date(data.expiresAt),
        tokenNumber: 1,
        refreshedAt: new Date(data.openedAt),
      };
    }
    case 'latchkey.session.refreshed.v1': {
      if (state.status !== 'Open') return state;
      const { tokenNumber, refreshedAt } = event.data;
      return { ...state, tokenNumber, refreshedAt: new Date(refreshedAt) };
    }
    case 'latchkey.session.ended.v1':
      return { status: 'Ended' };
    default:
      return assertNever(event);
  }
}
