import type { KeySubject, UserSubject, WorkspaceSubject } from '@latchkey/contracts';
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
