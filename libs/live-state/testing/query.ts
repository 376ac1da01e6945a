import { decideAccess, type AccessDenial } from '@latchkey/access';
import { keyId, workspaceId } from '@latchkey/kernel';
import type { KnownSubjects, SubjectKind, Window } from '@latchkey/contracts';
import type { LiveQuery } from '../live-access';
import { WORKSPACE } from './bodies';

export interface QueryOptions {
  readonly windows?: readonly Window[];
  readonly cost?: number;
  readonly notAfterMs?: number | null;
}

const find = (known: KnownSubjects, kind: SubjectKind, id: string) =>
  known.find((subject) => subject.kind === kind && subject.id === id);

export type Denial = 'unknown' | 'not active' | 'ended';

/** The rules for a session in small: it, its workspace and its user must be active, and the user must not have ended all. */
export const sessionQueryFor = (id: string): LiveQuery<Denial> => ({
  workspaceId: WORKSPACE,
  subjects: [
    { kind: 'session', id },
    { kind: 'workspace', id: WORKSPACE },
  ],
  decide(known) {
    const session = find(known, 'session', id)?.body;
    const workspace = find(known, 'workspace', WORKSPACE)?.body;
    if (session?.kind !== 'session' || workspace?.kind !== 'workspace') return { kind: 'deny', denial: 'unknown' };
    const user = find(known, 'user', session.userId);
    if (user === undefined) return { kind: 'needs', subjects: [{ kind: 'user', id: session.userId }] };
    if (user.body?.kind !== 'user') return { kind: 'deny', denial: 'unknown' };
    const active = [session, workspace, user.body].every(({ status }) => status === 'active');
    if (!active || session.generation < user.body.sessionGeneration) return { kind: 'deny', denial: 'not active' };
    return { kind: 'allow', notAfterMs: session.idleUntilMs, ended: 'ended', windows: [], windowKey: id, cost: 1 };
  },
});

/** The rules for a client's token in small: they, the key that signed it, the workspace and the user must be active; the token is of generation 1. */
export const tokenQueryFor = (clientId: string, signingKeyId = clientId): LiveQuery<Denial> => ({
  workspaceId: WORKSPACE,
  subjects: [
    { kind: 'client', id: clientId },
    { kind: 'signing_key', id: signingKeyId },
    { kind: 'workspace', id: WORKSPACE },
  ],
  decide(known) {
    const client = find(known, 'client', clientId)?.body;
    const signingKey = find(known, 'signing_key', signingKeyId)?.body;
    const workspace = find(known, 'workspace', WORKSPACE)?.body;
    if (client?.kind !== 'client' || signingKey?.kind !== 'signing_key' || workspace?.kind !== 'workspace')
      return { kind: 'deny', denial: 'unknown' };
    const user = find(known, 'user', client.userId);
    if (user === undefined) return { kind: 'needs', subjects: [{ kind: 'user', id: client.userId }] };
    if (user.body?.kind !== 'user') return { kind: 'deny', denial: 'unknown' };
    const active = [client, workspace, user.body].every(({ status }) => status === 'active');
    if (!active || signingKey.status === 'revoked' || client.tokenGeneration !== 1)
      return { kind: 'deny', denial: 'not active' };
    return { kind: 'allow', notAfterMs: null, ended: 'ended', windows: [], windowKey: clientId, cost: 1 };
  },
});

/** The rules in small: key, workspace and the key's user must be active. */
export const queryFor = (keyId: string, options: QueryOptions = {}): LiveQuery<Denial> => ({
  workspaceId: WORKSPACE,
  subjects: [
    { kind: 'key', id: keyId },
    { kind: 'workspace', id: WORKSPACE },
  ],
  decide(known) {
    const key = find(known, 'key', keyId)?.body;
    const workspace = find(known, 'workspace', WORKSPACE)?.body;
    if (key?.kind !== 'key' || workspace?.kind !== 'workspace') return { kind: 'deny', denial: 'unknown' };
    const user = find(known, 'user', key.userId);
    if (user === undefined) return { kind: 'needs', subjects: [{ kind: 'user', id: key.userId }] };
    if (user.body?.kind !== 'user') return { kind: 'deny', denial: 'unknown' };
    const active = [key, workspace, user.body].every(({ status }) => status === 'active');
    if (!active) return { kind: 'deny', denial: 'not active' };
    const { windows = [], cost = 1, notAfterMs = null } = options;
    return { kind: 'allow', notAfterMs, ended: 'ended', windows, windowKey: keyId, cost };
  },
});

/** Of the first secret of a key, by all the rules that there are. */
export const byItsRules = (id: string, scope: string): LiveQuery<AccessDenial> => ({
  workspaceId: WORKSPACE,
  subjects: [
    { kind: 'key', id },
    { kind: 'workspace', id: WORKSPACE },
  ],
  decide: (known) =>
    decideAccess(
      { workspaceId: workspaceId(WORKSPACE), keyId: keyId(id), secretNumber: 1 },
      { scopes: [scope] },
      known,
    ),
});

export const minute = (limit: number): Window => ({ name: 'minute', limit, lengthMs: 60_000 });
