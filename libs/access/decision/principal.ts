import {
  secretIdOf,
  type CredentialRef,
  type KeySubject,
  type KnownSubjects,
  type Principal,
  type Role,
  type SessionRef,
} from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { scopesWithinRole } from '../roles';
import { displayScope } from '../scopes';
import { compiledKey, compiledRole, displayedWithin } from './compiled';
import { bodyOf } from './known-subjects';
import { boundOf, roleIn } from './members';

/** Who a credential stands for, from the subjects that decided its check; null while one of them is not known or does not exist. */
export function principalOf(credential: CredentialRef, known: KnownSubjects): Principal | null {
  const key = bodyOf(known, 'key', credential.keyId);
  const workspace = bodyOf(known, 'workspace', credential.workspaceId);
  const profile = workspace && profileByName(workspace.profile);
  if (!key || !profile) return null;
  const bound = boundOf(workspace, roleIn(bodyOf(known, 'user', key.userId)?.roles, key.workspaceId));
  return {
    kind: 'api_key',
    id: credential.keyId,
    secret_id: secretIdOf(credential.keyId, credential.secretNumber),
    workspace_id: key.workspaceId,
    user_id: key.userId,
    name: key.name,
    scopes: scopesOf(profile, key, bound, known),
    assets: key.assets,
  };
}

/** Likewise whose session it is. */
export function sessionPrincipal({ sessionId, workspaceId }: SessionRef, known: KnownSubjects): Principal | null {
  const session = bodyOf(known, 'session', sessionId);
  const profile = profileByName(bodyOf(known, 'workspace', workspaceId)?.profile ?? '');
  const role = session && roleIn(bodyOf(known, 'user', session.userId)?.roles, workspaceId);
  if (!session || !profile || !role) return null;
  return {
    kind: 'session',
    id: sessionId,
    secret_id: secretIdOf(sessionId, session.tokenNumber),
    workspace_id: workspaceId,
    user_id: session.userId,
    name: '',
    scopes: compiledRole(profile, role).displayedScopes,
    assets: 'all',
  };
}

function scopesOf(profile: Profile, key: KeySubject, bound: Role | undefined, known: KnownSubjects): readonly string[] {
  if (key.scopeSetIds.length === 0) {
    return bound === undefined ? compiledKey(profile, key).displayedScopes : displayedWithin[bound](profile, key);
  }
  const all = [...key.scopes, ...key.scopeSetIds.flatMap((id) => bodyOf(known, 'scope_set', id)?.scopes ?? [])];
  const held = bound === undefined ? [...new Set(all)] : scopesWithinRole(profile, all, bound);
  return held.map((scope) => displayScope(profile, scope));
}
