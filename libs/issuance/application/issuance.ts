import type { RepeatableRequest } from '@latchkey/event-store';
import type { Secret } from '@latchkey/kernel';
import { actorOf, type Caller } from './caller';
import type { IssuedRequests, WrittenKey } from './ports';

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

/** What the request has led to earlier. */
export const earlierIn =
  (requests: IssuedRequests, now: Date) =>
  async (request: RepeatableRequest): Promise<Issuance | null> => {
    const earlier = await requests.find(request, now);
    return earlier && { kind: 'already_issued', ...earlier };
  };
