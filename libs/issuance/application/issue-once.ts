import { isAppError, type Secret } from '@latchkey/kernel';
import { actorOf, type Caller } from './caller';
import type { IssuedRequests, RepeatableRequest, WrittenKey } from './ports';

/** A key with a new secret: the only time that the secret is seen. */
export interface IssuedKey extends WrittenKey {
  readonly kind: 'issued';
  readonly secret: Secret;
  /** Of its former secrets. */
  readonly lastUsedAt: Date | null;
}

/** What a request for a secret led to. */
export type Issuance =
  | IssuedKey
  /** The same request has issued one before, which cannot be shown again (C31). */
  | (WrittenKey & { readonly kind: 'already_issued' });

/** `null` for a request without an `Idempotency-Key`. */
export const repeatable = (
  caller: Caller,
  key: string | null,
  operation: string,
  body: unknown,
): RepeatableRequest | null =>
  key === null ? null : { key, workspaceId: caller.workspaceId, actorId: actorOf(caller), operation, body };

/**
 * Issues, unless the same request has done so already. Of several at once the store lets one through; the others come out here as
 * the repetitions that they are.
 * @throws AppError what `issue` throws; `request.idempotency_key_reused`
 */
export async function issueOnce(
  requests: IssuedRequests,
  request: RepeatableRequest | null,
  now: Date,
  issue: () => Promise<IssuedKey>,
): Promise<Issuance> {
  if (!request) return issue();
  const earlier = await requests.find(request, now);
  if (earlier) return { kind: 'already_issued', ...earlier };
  try {
    return await issue();
  } catch (error) {
    if (!isAppError(error, 'claim.taken') && !isAppError(error, 'stream.version_conflict')) throw error;
    const winner = await requests.find(request, now);
    if (!winner) throw error;
    return { kind: 'already_issued', ...winner };
  }
}
