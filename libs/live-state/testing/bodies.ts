import type {
  ClientSubject,
  KeySubject,
  ScopeSetSubject,
  SessionSubject,
  SigningKeySubject,
  UserSubject,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { userId, workspaceId } from '@latchkey/kernel';

export const WORKSPACE = 'workspace-1';
export const USER = 'user-1';

export const keyBody = (changes: Partial<KeySubject> = {}): KeySubject => ({
  kind: 'key',
  workspaceId: workspaceId(WORKSPACE),
  userId: userId(USER),
  name: 'deploy',
  status: 'active',
  scopes: ['assets:read'],
  scopeSetIds: [],
  allowedIps: [],
  assets: 'all',
  plan: 'standard',
  secrets: [{ number: 1, graceUntilMs: null }],
  expiresAtMs: null,
  ...changes,
});

export const scopeSetBody = (scopes: readonly string[]): ScopeSetSubject => ({
  kind: 'scope_set',
  workspaceId: workspaceId(WORKSPACE),
  scopes,
});

export const sessionBody = (changes: Partial<SessionSubject> = {}): SessionSubject => ({
  kind: 'session',
  workspaceId: workspaceId(WORKSPACE),
  userId: userId(USER),
  status: 'active',
  generation: 0,
  tokenNumber: 1,
  tokenSha256: '0'.repeat(64),
  secondFactor: false,
  idleUntilMs: Date.UTC(2100, 0),
  expiresAtMs: Date.UTC(2100, 0),
  ...changes,
});

export const clientBody = (changes: Partial<ClientSubject> = {}): ClientSubject => ({
  kind: 'client',
  workspaceId: workspaceId(WORKSPACE),
  userId: userId(USER),
  name: 'deploy',
  status: 'active',
  scopes: ['assets:read'],
  scopeSetIds: [],
  allowedIps: [],
  assets: 'all',
  plan: 'standard',
  secrets: [{ number: 1, graceUntilMs: null }],
  tokenLifetimeSeconds: 3_600,
  tokenGeneration: 1,
  revokedTokens: [],
  ...changes,
});

export const signingKeyBody = (status: SigningKeySubject['status'] = 'trusted'): SigningKeySubject => ({
  kind: 'signing_key',
  status,
  algorithm: 'ES256',
  jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
});

export const userBody = (changes: Partial<UserSubject> = {}): UserSubject => ({
  kind: 'user',
  status: 'active',
  roles: { [WORKSPACE]: 'member' },
  sessionGeneration: 0,
  ...changes,
});

export const workspaceBody = (): WorkspaceSubject => ({
  kind: 'workspace',
  status: 'active',
  name: 'Example',
  profile: 'latchkey',
  formerMembersKeys: 'end',
  secondFactor: 'optional',
});
