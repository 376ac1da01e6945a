import { SESSION_TOKEN_TYPE } from '@latchkey/access';
import type { SessionSubject } from '@latchkey/contracts';
import { sessionId } from '@latchkey/kernel';
import { createHash } from 'node:crypto';
import { liveWorkspace, USER, WORKSPACE } from './keys';
import type { ScriptedLiveAccess } from './scripted-live-access';

export const SESSION = sessionId('01900000-0000-7000-8000-00000000000d');

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as identity writes them. Enforcement does not look at the signature. */
export function sessionToken(number = 1, session: string = SESSION, workspace: string = WORKSPACE): string {
  const claims = { iss: 'latchkey', sub: USER, sid: session, wid: workspace, jti: `${session}.${number}` };
  return [part({ alg: 'HS256', kid: 'k', typ: SESSION_TOKEN_TYPE }), part(claims), 'c2lnbmF0dXJl'].join('.');
}

export const activeSession: SessionSubject = {
  kind: 'session',
  workspaceId: WORKSPACE,
  userId: USER,
  status: 'active',
  generation: 0,
  tokenNumber: 1,
  tokenSha256: createHash('sha256').update(sessionToken()).digest('hex'),
  secondFactor: false,
  idleUntilMs: Date.UTC(2100, 0),
  expiresAtMs: Date.UTC(2100, 0),
};

/** A workspace with its owner, one key, and one session. */
export function liveSession(session: Partial<SessionSubject> = {}): ScriptedLiveAccess {
  const live = liveWorkspace();
  live.put(SESSION, { ...activeSession, ...session });
  return live;
}
