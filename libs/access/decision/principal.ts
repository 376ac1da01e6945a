import {
  isAccessTokenRef,
  isSessionRef,
  secretIdOf,
  type AccessTokenRef,
  type CheckedRef,
  type ClientSubject,
  type CredentialRef,
  type GrantedSubject,
  type KnownSubjects,
  type Principal,
  type SessionRef,
} from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { displayScope, scopesInCommon } from '../scopes';
import { compiledGrant, compiledRole, compiledToken, displayedWithin } from './compiled';
import { bodyOf } from './known-subjects';
import { rightsIn, scopesOfMember, type MemberRights } from './members';
import { scopesHeld, standingOf } from './standing';

/** Who a credential stands for, from the subjects that decided its check; null while one of them is not known or does not exist. */
export function principalOf(credential: CheckedRef, known: KnownSubjects): Principal | null {
  if (isSessionRef(credential)) return sessionPrincipal(credential, known);
  return isAccessTokenRef(credential) ? clientPrincipal(credential, known) : keyPrincipal(credential, known);
}

function keyPrincipal({ keyId, secretNumber }: CredentialRef, known: KnownSubjects): Principal | null {
  const key = bodyOf(known, 'key', keyId);
  const standing = key && standingOf(key, known);
  if (!standing) return null;
  const { profile, bound } = standing;
  return {
    kind: 'api_key',
    id: keyId,
    secret_id: secretIdOf(keyId, secretNumber),
    workspace_id: key.workspaceId,
    user_id: key.userId,
    name: key.name,
    scopes: displayedScopes(profile, key, bound, known),
    assets: key.assets,
  };
}

function clientPrincipal(token: AccessTokenRef, known: KnownSubjects): Principal | null {
  const client = bodyOf(known, 'client', token.clientId);
  const standing = client && standingOf(client, known);
  if (!standing) return null;
  const { profile, bound } = standing;
  return {
    kind: 'client',
    id: token.clientId,
    secret_id: token.jti,
    workspace_id: client.workspaceId,
    user_id: client.userId,
    name: client.name,
    scopes: tokenScopes(profile, token, client, bound, known),
    assets: client.assets,
  };
}

function sessionPrincipal({ sessionId, workspaceId }: SessionRef, known: KnownSubjects): Principal | null {
  const session = bodyOf(known, 'session', sessionId);
  const profile = profileByName(bodyOf(known, 'workspace', workspaceId)?.profile ?? '');
  const member = session && rightsIn(bodyOf(known, 'user', session.userId), workspaceId, known);
  if (!session || !profile || !member) return null;
  return {
    kind: 'session',
    id: sessionId,
    secret_id: secretIdOf(sessionId, session.tokenNumber),
    workspace_id: workspaceId,
    user_id: session.userId,
    name: '',
    scopes: displayedMember(profile, member),
    assets: 'all',
  };
}

const displayedMember = (profile: Profile, member: MemberRights): readonly string[] =>
  member.sets.length === 0
    ? compiledRole(profile, member.role).displayedScopes
    : scopesOfMember(profile, member).map((scope) => displayScope(profile, scope));

function displayedScopes(
  profile: Profile,
  granted: GrantedSubject,
  bound: MemberRights | undefined,
  known: KnownSubjects,
): readonly string[] {
  if (granted.scopeSetIds.length === 0) {
    if (bound === undefined) return compiledGrant(profile, granted).displayedScopes;
    if (bound.sets.length === 0) return displayedWithin[bound.role](profile, granted);
  }
  return scopesHeld(profile, granted, bound, known).map((scope) => displayScope(profile, scope));
}

/** What a token's principal was shown to have, and of what that was put together. */
interface ShownScopes {
  readonly client: ClientSubject;
  readonly bound: MemberRights | undefined;
  readonly scopes: readonly string[];
}

/** The latest of each token, for as long as it is in use: a token is checked many times. */
const shownScopes = new WeakMap<AccessTokenRef, ShownScopes>();

/** What of a token's scopes its client has now, as the profile spells them. */
function tokenScopes(
  profile: Profile,
  token: AccessTokenRef,
  client: ClientSubject,
  bound: MemberRights | undefined,
  known: KnownSubjects,
): readonly string[] {
  const shown = shownScopes.get(token);
  if (shown?.client === client && shown.bound === bound) return shown.scopes;
  const common = scopesInCommon(
    profile,
    compiledToken(profile, token).scopes,
    scopesHeld(profile, client, bound, known),
  );
  const scopes = common.map((scope) => displayScope(profile, scope));
  // What scope sets hold may change without the client.
  if (client.scopeSetIds.length === 0) shownScopes.set(token, { client, bound, scopes });
  return scopes;
}
