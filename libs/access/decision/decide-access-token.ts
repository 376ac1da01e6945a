import type { AccessTokenRef, KnownSubjects, SubjectRef, Verdict } from '@latchkey/contracts';
import { deny, needs, type AccessDenial, type AccessRequest } from './access-request';
import { revokedTokens } from './compiled';
import { decideGranted } from './decide-granted';
import { bodyOf } from './known-subjects';

/** What an access token is judged by, as far as it says itself. */
export const subjectsOfAccessToken = ({
  clientId,
  signingKeyId,
  workspaceId,
}: AccessTokenRef): readonly SubjectRef[] => [
  { kind: 'client', id: clientId },
  { kind: 'signing_key', id: signingKeyId },
  { kind: 'workspace', id: workspaceId },
];

/**
 * May this access token pass, whose signature is good? Pure, as `decideAccess` is. In order: its signing key trusted ▸ its client there ▸ of the
 * client's present generation, and not revoked by itself ▸ client live; the rest is `decideGranted`'s, on what the client has now.
 */
export function decideAccessToken(
  credential: AccessTokenRef,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const { clientId, signingKeyId, workspaceId, jti, generation, expiresAtMs: atMs } = credential;
  const client = bodyOf(known, 'client', clientId);
  const signingKey = bodyOf(known, 'signing_key', signingKeyId);
  if (client === undefined || signingKey === undefined) return needs(known, subjectsOfAccessToken(credential));
  if (signingKey === null || client?.workspaceId !== workspaceId) return deny('unknown');
  if (signingKey.status === 'revoked' || client.status === 'deleted') return deny('revoked');
  // A later one than the client's is of a history that was lost, so nobody can say what has ended since.
  if (generation !== client.tokenGeneration || revokedTokens(client).has(jti)) return deny('revoked');
  if (client.status === 'suspended') return deny('suspended');
  return decideGranted(
    {
      granted: client,
      ending: { atMs, reason: 'token_expired' },
      windowKey: clientId,
      token: credential,
    },
    request,
    known,
  );
}
