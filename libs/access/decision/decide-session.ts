import type { KnownSubjects, SessionRef, SessionSubject, SubjectRef, Verdict } from '@latchkey/contracts';
import { profileByName } from '../profiles/registry';
import { holdingsCover } from '../scopes';
import { deny, needs, type AccessDenial, type AccessRequest, type Ending } from './access-request';
import { compiledMember } from './compiled';
import { bodyOf } from './known-subjects';
import { rightsIn, setIdsIn, setRefs } from './members';
import { requiredScopes } from './required-scopes';
import { isHome } from './tenant';

/** The session alone: anybody can write a token, and one that is none of ours shall cost one question. */
export const subjectsOfSession = ({ sessionId }: SessionRef): readonly SubjectRef[] => [
  { kind: 'session', id: sessionId },
];

/**
 * May this session pass? Pure, as `decideAccess` is. In order: token is the session's current one ▸ session, its generation, workspace and
 * role live ▸ host of the workspace ▸ scopes of the user's role and scope sets as they are now ▸ second factor. A session has no limits of
 * its own, may come from any address and touch every asset.
 */
export function decideSession(
  credential: SessionRef,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const session = bodyOf(known, 'session', credential.sessionId);
  if (session === undefined) return needs(known, subjectsOfSession(credential));
  if (session?.workspaceId !== credential.workspaceId) return deny('unknown');
  // Nobody has looked at the signature: that it was traded in is what the token says.
  if (!isCurrentToken(credential, known))
    return deny(credential.tokenNumber < session.tokenNumber ? 'revoked' : 'unknown');
  if (session.status === 'ended') return deny('revoked');

  const workspace = bodyOf(known, 'workspace', session.workspaceId);
  const user = bodyOf(known, 'user', session.userId);
  if (workspace === undefined || user === undefined) return needs(known, membershipOf(session));
  if (user && session.generation < user.sessionGeneration) return deny('revoked');
  const member = rightsIn(user, session.workspaceId, known);
  if (workspace?.status !== 'active' || user?.status !== 'active' || member === undefined) return deny('suspended');
  if (!isHome(workspace, request)) return deny('unknown');
  const setIds = setIdsIn(user, session.workspaceId);
  if (setIds.some((id) => bodyOf(known, 'scope_set', id) === undefined)) return needs(known, setRefs(setIds));

  const profile = profileByName(workspace.profile);
  // Data of a newer version than this one's: no rule of ours can judge it.
  if (!profile) return deny('unavailable');
  const ending = endingOf(session);
  const holds = compiledMember(profile, member);
  const required = requiredScopes(profile, request);
  if (!required.every((scope) => scope !== undefined && holdingsCover(profile, holds, scope))) {
    return deny('scope_missing', ending);
  }
  const demanded = request.second_factor ?? (workspace.secondFactor === 'required' ? 'required' : 'exempt');
  if (demanded === 'required' && !session.secondFactor) return deny('mfa_required', ending);
  return {
    kind: 'allow',
    notAfterMs: ending.atMs,
    ended: { reason: ending.reason, ending: null },
    windows: [],
    windowKey: credential.sessionId,
    cost: request.cost ?? 1,
  };
}

/** Whether that is the token that the session has now, and not one that somebody has written or that was traded in. */
export const isCurrentToken = ({ sessionId, tokenSha256 }: SessionRef, known: KnownSubjects): boolean =>
  bodyOf(known, 'session', sessionId)?.tokenSha256 === tokenSha256;

const membershipOf = ({ workspaceId, userId }: SessionSubject): readonly SubjectRef[] => [
  { kind: 'workspace', id: workspaceId },
  { kind: 'user', id: userId },
];

/** Unused for too long, or at the end of its life (C32), whichever comes first. */
const endingOf = ({ idleUntilMs, expiresAtMs }: SessionSubject): Ending => ({
  atMs: Math.min(idleUntilMs, expiresAtMs),
  reason: 'token_expired',
});
