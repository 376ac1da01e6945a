import type {
  ClientSubject,
  GrantedSubject,
  KeySubject,
  ScopeSetSubject,
  SubjectBody,
  UserSubject,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { userId, workspaceId } from '@latchkey/kernel';

/*
 * What decisions depend on, as it is in everyday life: `u1` owns the workspace `w1`, whose profile is S4E, and has a key and a client there.
 */

const granted: GrantedSubject = {
  workspaceId: workspaceId('w1'),
  userId: userId('u1'),
  name: 'CI',
  scopes: ['assets:read', 'apikeys:read'],
  scopeSetIds: [],
  allowedIps: [],
  assets: 'all',
  plan: 'standard',
  secrets: [{ number: 1, graceUntilMs: null }],
};

export const key: KeySubject = { ...granted, kind: 'key', status: 'active', expiresAtMs: null };

export const client: ClientSubject = {
  ...granted,
  kind: 'client',
  status: 'active',
  tokenLifetimeSeconds: 3_600,
  tokenGeneration: 1,
  revokedTokens: [],
};

export const workspace: WorkspaceSubject = {
  kind: 'workspace',
  status: 'active',
  name: 'W',
  profile: 's4e',
  formerMembersKeys: 'end',
  secondFactor: 'optional',
};

export const user: UserSubject = { kind: 'user', status: 'active', roles: { w1: 'owner' }, sessionGeneration: 0 };

export const scopeSet: ScopeSetSubject = {
  kind: 'scope_set',
  workspaceId: workspaceId('w1'),
  scopes: ['scans:write'],
};

/** @param change to the everyday body; null: there is no such subject */
export const snapshot = <Body extends SubjectBody>(id: string, everyday: Body, change?: Partial<Body> | null) => ({
  kind: everyday.kind,
  id,
  version: 1,
  body: change === null ? null : { ...everyday, ...change },
});
