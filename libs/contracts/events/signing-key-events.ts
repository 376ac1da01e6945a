import { z } from 'zod';

const instant = z.iso.datetime();
/** RFC 7638 thumbprint of the public key. */
const kid = z.string();

/** Payloads of the events of the keys that sign access tokens: one stream for the installation. None holds a private key. */
export const signingKeyEvents = {
  /** Whoever verifies tokens may learn it from now on. It signs nothing yet. */
  'latchkey.signing_key.published.v1': z.strictObject({
    kid,
    algorithm: z.enum(['RS256', 'ES256']),
    /** The public part (RFC 7517), without `kid`, `alg` and `use`. */
    jwk: z.record(z.string(), z.string()).readonly(),
    publishedAt: instant,
  }),
  /** It signs what is issued from now on. */
  'latchkey.signing_key.activated.v1': z.strictObject({
    kid,
    reason: z.enum(['scheduled', 'requested', 'revoked']),
    activatedAt: instant,
  }),
  /** It signs no more; what it has signed is good to its end. */
  'latchkey.signing_key.retired.v1': z.strictObject({ kid, retiredAt: instant }),
  /** All that it has signed has expired, or it never signed. Nothing that it signs is good from now on. */
  'latchkey.signing_key.dropped.v1': z.strictObject({ kid, droppedAt: instant }),
  /** Nothing that it has signed is good any more. */
  'latchkey.signing_key.revoked.v1': z.strictObject({ kid, revokedAt: instant }),
} as const;

type SigningKeyEventType = keyof typeof signingKeyEvents;

/** Told apart by `type`. */
export type SigningKeyEvent = {
  [Type in SigningKeyEventType]: { readonly type: Type; readonly data: z.infer<(typeof signingKeyEvents)[Type]> };
}[SigningKeyEventType];
