import type { DeepReadonly } from '@latchkey/kernel';
import { z } from 'zod';

/** Reasons of a denial. 401: missing to suspended; 403: ip_not_allowed to mfa_required; 429, 400, 503 the rest (C17). */
export const DENIAL_REASONS = [
  'missing',
  'unknown',
  'revoked',
  'expired',
  'token_expired',
  'suspended',
  'ip_not_allowed',
  'scope_missing',
  'asset_not_allowed',
  'mfa_required',
  'rate_limited',
  'multiple_credentials',
  'unavailable',
] as const;

export type DenialReason = (typeof DENIAL_REASONS)[number];

/** Of what a check is told. Whoever asks cuts it: no call is refused for the name of a program. */
export const USER_AGENT_LENGTH_MAX = 400;

/** `POST /v1/check`: may this credential pass? Everything but the credential is what the caller knows of the call. */
export const checkRequest = z.strictObject({
  /** The secret as it was presented; empty: the call carried none. */
  credential: z.string().max(16_384),
  scopes: z.array(z.string().min(1).max(100)).max(50).optional(),
  ip: z.string().max(64).optional(),
  asset: z.string().max(500).optional(),
  /**
   * Whether the call touches only such assets as the principal may, because the calling service filters by `principal.assets`: a list of
   * assets, say. Of no effect beside `asset`.
   */
  own_assets: z.boolean().optional(),
  /**
   * `required`: only a session whose user has shown a second factor passes. `exempt`: a session passes without one even where its workspace
   * requires it: where one enrols, say. Absent: as the workspace has it.
   */
  second_factor: z.enum(['required', 'exempt']).optional(),
  /** Slug of the workspace whose host was called: a credential of another one is unknown there (S4-04). Absent: a host of no workspace. */
  tenant: z.string().max(64).optional(),
  /**
   * What the call does. One of the scopes of the credential's profile is needed as if it stood in `scopes`; anything else is for the record.
   */
  action: z.string().max(100).optional(),
  /** How much of each limit the call uses up; 0: it is looked at only, and no limit refuses it. 1 when absent. */
  cost: z.number().int().min(0).max(1_000).optional(),
  method: z.string().max(20).optional(),
  path: z.string().max(2_000).optional(),
  /** What the program that presented the credential calls itself: its `User-Agent`. For the record only. */
  user_agent: z.string().max(USER_AGENT_LENGTH_MAX).optional(),
});

export type CheckRequest = z.infer<typeof checkRequest>;

export const checkBatchRequest = z.strictObject({ checks: z.array(checkRequest).min(1).max(100) });

export const principalSchema = z
  .strictObject({
    /** `client`: an OAuth application, by one of its access tokens. */
    kind: z.enum(['api_key', 'session', 'client']),
    id: z.string(),
    /** Which of the key's secrets, or of the session's tokens, was presented: `<id>.<n>` (C29); of an access token its `jti`. */
    secret_id: z.string(),
    workspace_id: z.string(),
    /** Whose key or session it is, or who registered the client. */
    user_id: z.string(),
    /** Of the key or client; empty for a session, as what a user is called is kept where it can be erased. */
    name: z.string(),
    /** In the spelling of the workspace's profile. */
    scopes: z.array(z.string()),
    /** What the principal may touch. A service that checks with `own_assets` filters by this. */
    assets: z.union([z.literal('all'), z.array(z.string())]),
  })
  .meta({ id: 'Principal' });

export type Principal = DeepReadonly<z.output<typeof principalSchema>>;

const limitState = z.strictObject({
  /** `second`, `minute` or `day`. */
  name: z.string(),
  limit: z.number(),
  remaining: z.number(),
  /** Unix second at which a full limit is free again (C27). */
  reset_at: z.number(),
});

export type LimitState = DeepReadonly<z.output<typeof limitState>>;

export const checkResult = z
  .strictObject({
    allowed: z.boolean(),
    reason: z.enum(DENIAL_REASONS).nullable(),
    /** What the calling service should answer: 200, 400, 401, 403, 429 or 503. */
    status: z.number(),
    principal: principalSchema.nullable(),
    limits: z.array(limitState),
    /** Whole seconds, with `rate_limited` and `unavailable`. */
    retry_after: z.number().exactOptional(),
    /** Headers that the calling service should pass on to its caller. */
    headers: z.record(z.string(), z.string()),
    checked_at: z.string(),
    /** How the decision came about: `cache`, `owner` or `memory`. */
    via: z.enum(['cache', 'owner', 'memory']),
  })
  .meta({ id: 'CheckResult' });

export type CheckResult = DeepReadonly<z.output<typeof checkResult>>;
