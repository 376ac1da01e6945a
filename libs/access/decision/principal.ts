import {
  secretIdOf,
  type CredentialRef,
  type KeySubject,
  type KnownSubjects,
  type Principal,
  type SessionRef,
} from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { displayScope } from '../scopes';
import { compiledKey, compiledRole } from './compiled';
import { roleIn } from './decide-session';
import { bodyOf } from './known-subjects';

/** Who a credential stands for, from the subjects that decided its check; null while one of them is not known or does not exist. */
export function principalOf(credential: CredentialRef, known: KnownSubjects): Principal | null {
  const key = bodyOf(known, 'key', credential.keyId);
  const profile = profileByName(bodyOf(known, 'workspace', credential.workspaceId)?.profile ?? '');
  if (!key || !profile) return null;
  return {
    kind: 'api_key',
    id: credential.keyId,
    secret_id: secretIdOf(credential.keyId, credential.secretNumber),
    workspace_id: key.workspaceId,
    user_id: key.userId,
    name: key.name,
    scopes: scopesOf(profile, key, known),
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

function scopesOf(profile: Profile, key: KeySubject, known: KnownSubjects): readonly string[] {
  const { displayedScopes } = compiledKey(profile, key);
  if (key.scopeSetIds.length === 0) return displayedScopes;
  const ofSets = key.scopeSetIds.flatMap((id) => bodyOf(known, 'scope_set', id)?.scopes ?? []);
  return [...new Set([...displayedScopes, ...ofSets.map((scope) => displayScope(profile, scope))])];
}
