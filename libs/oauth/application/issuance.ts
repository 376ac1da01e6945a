import type { RepeatableRequest } from '@latchkey/event-store';
import type { Secret } from '@latchkey/kernel';
import { actorOf, type Caller } from './caller';
import type { EarlierRequest, IssuedRequests, WrittenClient } from './ports';

/** A client with a new secret: the only time that the secret is seen. */
export interface IssuedClient extends WrittenClient {
  readonly kind: 'issued';
  /** Null: it authenticates by keys of its own. */
  readonly secret: Secret | null;
  readonly lastUsedAt: Date | null;
}

/** The same request has made a client, or its secret, before: that cannot be shown again (C31). */
export interface AlreadyIssued extends EarlierRequest {
  readonly kind: 'already_issued';
}

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
  async (request: RepeatableRequest): Promise<AlreadyIssued | null> => {
    const earlier = await requests.find(request, now);
    return earlier && { kind: 'already_issued', ...earlier };
  };
