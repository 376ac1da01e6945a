import type { SessionEvent } from '@latchkey/contracts';
import { sessionId, userId, workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import {
  decideSession,
  evolveSession,
  initialSession,
  REUSE_TOLERATED_MS,
  type SessionCommand,
  type SessionEndReason,
} from './session';

const now = new Date('2026-04-28T12:00:00Z');
const at = now.toISOString();
const after = (ms: number) => new Date(now.getTime() + ms);
const DAY_MS = 86_400_000;
const expiresAt = after(7 * DAY_MS);
const session = { initialState: initialSession, decide: decideSession, evolve: evolveSession };

const facts = { sessionId: 's', userId: 'u', workspaceId: 'w', generation: 2, secondFactor: true };
const open: SessionCommand = {
  ...{ type: 'OpenSession', sessionId: sessionId('s'), userId: userId('u'), workspaceId: workspaceId('w') },
  ...{ generation: 2, secondFactor: true, expiresAt, now },
};
const opened: SessionEvent = {
  type: 'latchkey.session.opened.v1',
  data: { ...facts, expiresAt: expiresAt.toISOString(), openedAt: at },
};
const refresh = (tokenNumber: number, ms = 0): SessionCommand => ({
  ...{ type: 'RefreshSession', tokenNumber, ageLeastMs: 60_000, now: after(ms) },
});
const refreshed = (tokenNumber: number, ms = 0): SessionEvent => ({
  type: 'latchkey.session.refreshed.v1',
  data: { tokenNumber, refreshedAt: after(ms).toISOString() },
});
const end = (reason: SessionEndReason): SessionCommand => ({ type: 'EndSession', reason, now });
const ended = (reason: SessionEndReason, ms = 0): SessionEvent => ({
  type: 'latchkey.session.ended.v1',
  data: { reason, endedAt: after(ms).toISOString() },
});

describe('a session', () => {
  it('is opened once', () => {
    given(session, []).when(open).then([opened]);
    given(session, [opened]).when(open).thenThrows('stream.exists');
    given(session, [opened, ended('logout')])
      .when(open)
      .thenThrows('stream.exists');
  });

  it.each(['logout', 'ended_by_user', 'workspace_switched'] as const)('is ended by %s, and once', (reason) => {
    given(session, [opened])
      .when(end(reason))
      .then([ended(reason)]);
    given(session, [opened, ended('logout')])
      .when(end(reason))
      .then([]);
    given(session, []).when(end(reason)).then([]);
  });

  it('is left for another one once, and while it lives', () => {
    const leave = (ms = 0): SessionCommand => ({ type: 'LeaveSession', now: after(ms) });
    given(session, [opened])
      .when(leave())
      .then([ended('workspace_switched')]);
    given(session, [opened, ended('logout')])
      .when(leave())
      .thenThrows('session.ended');
    given(session, [opened])
      .when(leave(7 * DAY_MS))
      .thenThrows('session.ended');
    given(session, []).when(leave()).thenThrows('session.ended');
  });
});

describe('C32 a token', () => {
  it('is traded in for the next one', () => {
    given(session, [opened])
      .when(refresh(1, 500))
      .then([refreshed(2, 500)]);
    given(session, [opened, refreshed(2)])
      .when(refresh(2, DAY_MS))
      .then([refreshed(3, DAY_MS)]);
  });

  it('that a refresh gave is traded in when it is a minute old, and not before', () => {
    given(session, [opened, refreshed(2, 500)])
      .when(refresh(2, 60_499))
      .thenThrows('auth.rate_limited');
    given(session, [opened, refreshed(2, 500)])
      .when(refresh(2, 60_500))
      .then([refreshed(3, 60_500)]);
  });

  it('that was traded in may come again for 10 s, and gets nothing', () =>
    given(session, [opened, refreshed(2, 1_000)])
      .when(refresh(1, 1_000 + REUSE_TOLERATED_MS - 1))
      .thenThrows('session.token_replaced'));

  it('that comes again later ends the session: two hold it', () =>
    given(session, [opened, refreshed(2, 1_000)])
      .when(refresh(1, 1_000 + REUSE_TOLERATED_MS))
      .then([ended('token_reused', 1_000 + REUSE_TOLERATED_MS)]));

  it('that was traded in twice ago ends the session at once', () =>
    given(session, [opened, refreshed(2), refreshed(3)])
      .when(refresh(1, 1))
      .then([ended('token_reused', 1)]));

  it('is not traded in once the session has ended, or its longest life is over', () => {
    given(session, [opened, ended('logout')])
      .when(refresh(1))
      .thenThrows('session.ended');
    given(session, [opened])
      .when(refresh(1, 7 * DAY_MS))
      .thenThrows('session.ended');
    given(session, []).when(refresh(1)).thenThrows('session.ended');
  });

  it('keeps whose session it is, where, and how it was opened', () =>
    expect([opened, refreshed(2, 5)].reduce(evolveSession, initialSession)).toEqual({
      ...{ status: 'Open', ...facts, openedAt: now, expiresAt, tokenNumber: 2, refreshedAt: after(5) },
    }));
});
