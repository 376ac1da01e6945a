import {
  isAccessTokenRef,
  isSessionRef,
  type AccessTokenRef,
  type CheckedRef,
  type CredentialRef,
  type GrantedSubject,
  type KnownSubjects,
  type SessionRef,
} from '@latchkey/contracts';
import type { GrantorsOwn } from '../grant';
import { UNLIMITED_PLAN } from '../profiles/common';
import { profileByName } from '../profiles/registry';
import { scopesInCommon } from '../scopes';
import { compiledToken } from './compiled';
import { bodyOf } from './known-subjects';
import { rightsIn, scopesOfMember } from './members';
import { scopesHeld, standingOf } from './standing';

/**
 * What whoever shows a credential has to grant from (C18), on the subjects that decided that it passes; null while one of them is not known or
 * does not exist. A token gives what it was issued for and its client has; a session all that its user may do as a member, for ever.
 */
export function grantorsOwn(credential: CheckedRef, known: KnownSubjects): GrantorsOwn | null {
  if (isSessionRef(credential)) return ofSession(credential, known);
  return isAccessTokenRef(credential) ? ofToken(credential, known) : ofKey(credential, known);
}

function ofKey({ keyId }: CredentialRef, known: KnownSubjects): GrantorsOwn | null {
  const key = bodyOf(known, 'key', keyId);
  if (!key) return null;
  return ofGranted(key, known, key.expiresAtMs === null ? null : new Date(key.expiresAtMs));
}

function ofToken(token: AccessTokenRef, known: KnownSubjects): GrantorsOwn | null {
  const client = bodyOf(known, 'client', token.clientId);
  const own = client && ofGranted(client, known, null);
  if (!own) return null;
  const scopes = scopesInCommon(own.profile, compiledToken(own.profile, token).scopes, own.grant.scopes);
  return { ...own, grant: { ...own.grant, scopes } };
}

function ofGranted(granted: GrantedSubject, known: KnownSubjects, expiresAt: Date | null): GrantorsOwn | null {
  const standing = standingOf(granted, known);
  if (!standing) return null;
  const { profile, member, bound } = standing;
  const { plan, assets, allowedIps } = granted;
  return {
    profile,
    grant: { scopes: scopesHeld(profile, granted, bound, known), plan, assets, allowedIps, expiresAt },
    ofOwner: member?.role === 'owner',
  };
}

function ofSession({ sessionId, workspaceId }: SessionRef, known: KnownSubjects): GrantorsOwn | null {
  const session = bodyOf(known, 'session', sessionId);
  const profile = profileByName(bodyOf(known, 'workspace', workspaceId)?.profile ?? '');
  const member = session && rightsIn(bodyOf(known, 'user', session.userId), workspaceId, known);
  if (!profile || !member) return null;
  return {
    profile,
    grant: {
      ...{ scopes: scopesOfMember(profile, member), plan: UNLIMITED_PLAN, assets: 'all' as const },
      ...{ allowedIps: [], expiresAt: null },
    },
    ofOwner: member.role === 'owner',
  };
}
