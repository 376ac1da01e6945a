import type { ClientSubject, KnownSubjects, SubjectRef, Verdict, Window } from '@latchkey/contracts';
import type { ClientId, WorkspaceId } from '@latchkey/kernel';
import type { Profile } from '../profiles/profile';
import { deny, needs, type AccessDenial, type Ending } from './access-request';
import { decideGranted } from './decide-granted';
import { bodyOf } from './known-subjects';
import type { MemberRights } from './members';
import { scopesHeld, standingOf } from './standing';

/** What a client has shown at an endpoint of OAuth: one of its secrets, or an assertion that one of its keys has signed. */
export interface ShownByClient {
  readonly workspaceId: WorkspaceId;
  readonly clientId: ClientId;
  /** Null: an assertion. */
  readonly secretNumber: number | null;
}

/** What is asked for a client that authenticates itself. */
export interface ClientRequest {
  /** Undefined: it cannot be told. */
  readonly ip: string | undefined;
  /** In place of those of its plan, which are for what its tokens do. */
  readonly windows: readonly Window[];
  readonly windowKey: string;
}

/** What a client is judged by, as far as what it has shown names it. */
export const subjectsOfClient = ({ clientId, workspaceId }: ShownByClient): readonly SubjectRef[] => [
  { kind: 'client', id: clientId },
  { kind: 'workspace', id: workspaceId },
];

/**
 * Is this client who it says, and may it go on? Pure, as `decideAccess` is. In order: client there and not deleted ▸ secret one of its live ones
 * ▸ not suspended; the rest is `decideGranted`'s.
 */
export function decideClient(
  shown: ShownByClient,
  request: ClientRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const client = bodyOf(known, 'client', shown.clientId);
  if (client === undefined) return needs(known, subjectsOfClient(shown));
  if (client?.workspaceId !== shown.workspaceId) return deny('unknown');
  const secret = client.secrets.find(({ number }) => number === shown.secretNumber);
  if (client.status === 'deleted' || (shown.secretNumber !== null && !secret)) return deny('revoked');
  if (client.status === 'suspended') return deny('suspended');
  const { ip, windows, windowKey } = request;
  const ending = endingOf(secret?.graceUntilMs ?? null);
  const verdict = decideGranted({ granted: client, ending, windowKey }, ip === undefined ? {} : { ip }, known);
  return verdict.kind === 'allow' ? { ...verdict, windows } : verdict;
}

const endingOf = (graceUntilMs: number | null): Ending | null =>
  graceUntilMs === null ? null : { atMs: graceUntilMs, reason: 'revoked' };

/** What a client may be given a token for. */
export interface ClientGrant {
  readonly client: ClientSubject;
  readonly profile: Profile;
  /** Canonical, as far as the rights of its member go. */
  readonly scopes: readonly string[];
}

/** From the subjects that decided on the client; null while one of them is not known or does not exist. */
export function clientGrant({ clientId }: ShownByClient, known: KnownSubjects): ClientGrant | null {
  const client = bodyOf(known, 'client', clientId);
  const standing = client && standingOf(client, known);
  if (!standing) return null;
  const { profile, bound } = standing;
  return { client, profile, scopes: scopesOf(profile, client, bound, known) };
}

interface KnownScopes {
  readonly bound: MemberRights | undefined;
  readonly scopes: readonly string[];
}

/** The latest of each body, for as long as it is in use: a client asks for many tokens. */
const knownScopes = new WeakMap<ClientSubject, KnownScopes>();

function scopesOf(
  profile: Profile,
  client: ClientSubject,
  bound: MemberRights | undefined,
  known: KnownSubjects,
): readonly string[] {
  const before = knownScopes.get(client);
  if (before && before.bound === bound) return before.scopes;
  const scopes = scopesHeld(profile, client, bound, known);
  // What scope sets hold may change without the client.
  if (client.scopeSetIds.length === 0) knownScopes.set(client, { bound, scopes });
  return scopes;
}
