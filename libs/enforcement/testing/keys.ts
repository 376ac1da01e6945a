import { formatKey, profileByName } from '@latchkey/access';
import { keyId, userId, workspaceId } from '@latchkey/kernel';
import type { CredentialRef, CredentialResolver, KeySubject } from '@latchkey/contracts';
import { randomBytes } from 'node:crypto';
import { nodeSha256 } from '../adapters/node-sha256';
import { ScriptedLiveAccess } from './scripted-live-access';

export const WORKSPACE = workspaceId('01900000-0000-7000-8000-00000000000a');
export const USER = userId('01900000-0000-7000-8000-00000000000b');
export const KEY = keyId('01900000-0000-7000-8000-00000000000c');

/** A secret that has the shape of an S4E key and a good checksum. */
export function newSecret(): string {
  const profile = profileByName('s4e');
  if (!profile) throw new Error('the profile s4e is gone');
  return formatKey(profile, 'live', randomBytes).reveal();
}

export const activeKey: KeySubject = {
  kind: 'key',
  workspaceId: WORKSPACE,
  userId: USER,
  name: 'CI/CD Pipeline Key',
  status: 'active',
  scopes: ['assets:read', 'scans:write'],
  scopeSetIds: [],
  allowedIps: [],
  assets: 'all',
  plan: 'standard',
  secrets: [{ number: 1, graceUntilMs: null }],
  expiresAtMs: null,
};

/** A workspace of the S4E profile with its owner and one key. */
export function liveWorkspace(key: Partial<KeySubject> = {}): ScriptedLiveAccess {
  const live = new ScriptedLiveAccess();
  live.put(WORKSPACE, {
    kind: 'workspace',
    status: 'active',
    name: 'Acme',
    profile: 's4e',
    formerMembersKeys: 'end',
    secondFactor: 'optional',
  });
  live.put(USER, { kind: 'user', status: 'active', roles: { [WORKSPACE]: 'owner' }, sessionGeneration: 0 });
  live.put(KEY, { ...activeKey, ...key });
  return live;
}

/** Knows the given secrets; each is the next secret of the one key. */
export function resolverOf(...secrets: readonly string[]): CredentialResolver & { asked: number } {
  const known = new Map<string, CredentialRef>(
    secrets.map((secret, index) => [
      Buffer.from(nodeSha256(secret)).toString('hex'),
      { workspaceId: WORKSPACE, keyId: KEY, secretNumber: index + 1 },
    ]),
  );
  return {
    asked: 0,
    async resolve(digests) {
      this.asked += digests.length;
      return digests.map((digest) => known.get(Buffer.from(digest).toString('hex')) ?? null);
    },
  };
}
