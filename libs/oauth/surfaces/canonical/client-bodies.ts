import { displayName } from '@latchkey/platform';
import { z } from 'zod';
import type { RegisterClientRequest } from '../../application/register-client.handler';
import type { RequestedClient } from '../../application/requested-client';
import { jwksBody } from './jwks-body';
import { TOKEN_LIFETIME_SECONDS_MAX, TOKEN_LIFETIME_SECONDS_MIN } from '../../domain/token-lifetime';

const fields = {
  name: displayName,
  scopes: z.array(z.string().min(1).max(100)).min(1).max(100),
  scope_sets: z.array(z.string().min(1).max(100)).max(20),
  /** Empty: any address. */
  allowed_ips: z.array(z.string().min(1).max(50)).max(100),
  assets: z.union([z.literal('all'), z.array(z.string().min(1).max(500)).min(1).max(200)]),
  plan: z.string().min(1).max(100),
  token_lifetime_seconds: z.int().min(TOKEN_LIFETIME_SECONDS_MIN).max(TOKEN_LIFETIME_SECONDS_MAX),
  jwks: jwksBody,
};
const { name, scopes, ...others } = z.strictObject(fields).partial().shape;

const requestedBy = (body: z.output<typeof changeFields>): RequestedClient => ({
  name: body.name,
  scopes: body.scopes,
  scopeSets: body.scope_sets,
  allowedIps: body.allowed_ips,
  assets: body.assets,
  plan: body.plan,
  tokenLifetimeSeconds: body.token_lifetime_seconds,
  publicKeys: body.jwks,
});

const changeFields = z.strictObject({ name, scopes, ...others });

/** Fields that are absent stay as they are. How an application authenticates does not change. */
export const changeClientBody = changeFields.transform(requestedBy);

/** S1-07. What the values mean is for the workspace's profile to say. An application with `jwks` has no secret. */
export const registerClientBody = z
  .strictObject({
    ...others,
    name: fields.name,
    scopes: fields.scopes,
    authentication: z.enum(['client_secret', 'private_key_jwt']).optional(),
  })
  .refine(({ authentication, jwks }) => authentication !== 'private_key_jwt' || jwks !== undefined, {
    path: ['jwks'],
    error: 'must be there for private_key_jwt',
  })
  .refine(({ authentication, jwks }) => authentication !== 'client_secret' || jwks === undefined, {
    path: ['jwks'],
    error: 'must not be there for client_secret',
  })
  .transform((body): RegisterClientRequest => ({ ...requestedBy(body), name: body.name, scopes: body.scopes }));

const GRACE_HOURS_DEFAULT = 24;
const GRACE_HOURS_MAX = 720;

/** As for keys (S3-11, C28). No body at all asks for the default. */
export const rotateSecretBody = z
  .strictObject({ grace_period_hours: z.number().min(0).max(GRACE_HOURS_MAX).default(GRACE_HOURS_DEFAULT) })
  .prefault({});

export type RotateSecretBody = z.output<typeof rotateSecretBody>;
