import { z } from 'zod';
import { SOURCES } from '../topics';
import type { EventEnvelope } from './envelope';
import { dropped, nodeEnvelope, nodeEvents, nodeRef, type NodeStarted, type NodeStopped } from './node-events';

const text = z.string().nullable();

/**
 * An access token that was issued, or a client that was refused at an endpoint of OAuth. It holds no token, no assertion, and nothing that
 * was typed in place of a client's id or secret.
 */
const accessToken = z.strictObject({
  /** Unix ms. */
  timeMs: z.number().int().min(0),
  /** `issued`, or why not: the true reason, also where the client was told less. */
  outcome: z.string(),
  /** `token`, `introspection` or `revocation`. */
  endpoint: z.string(),
  /** `client_secret_basic`, `client_secret_post`, `private_key_jwt`, or `bearer` where it introspects by one; null where the client showed none of them. */
  method: text,
  /** Null where it is not known whose what was shown is. */
  clientId: text,
  workspaceId: text,
  /** Of the token that was issued. */
  jti: text,
  /** Canonical scopes (`resource:action`) of the token that was issued. */
  scopes: z.array(z.string()),
  /** Unix ms at which the token that was issued ends. */
  expiresAtMs: z.number().int().min(0).nullable(),
  ip: text,
  userAgent: text,
});

export type AccessTokenEntry = Readonly<z.infer<typeof accessToken>>;

/** Payloads of `latchkey.access_tokens.v1`: what the nodes of oauth have issued, and to whom they did not. */
export const accessTokenEvents = {
  ...nodeEvents,
  'latchkey.access_tokens.recorded.v1': z.strictObject({ ...nodeRef, dropped, accessTokens: z.array(accessToken) }),
} as const;

/** A batch; one without entries is a heartbeat. */
export type AccessTokensRecorded = {
  readonly type: 'latchkey.access_tokens.recorded.v1';
  readonly data: z.infer<(typeof accessTokenEvents)['latchkey.access_tokens.recorded.v1']>;
};

export type AccessTokenEvent = NodeStarted | AccessTokensRecorded | NodeStopped;

/** @param position from 1 */
export const accessTokenEnvelope = (event: AccessTokenEvent, position: number, at: Date): EventEnvelope =>
  nodeEnvelope(SOURCES.oauth, event, position, at);
