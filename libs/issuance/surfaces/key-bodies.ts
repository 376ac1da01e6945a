import { recordedText } from '@latchkey/access';
import { userId } from '@latchkey/kernel';
import { displayName, instant } from '@latchkey/platform';
import { z } from 'zod';
import type { ChangeKeyRequest } from '../application/change-key.handler';
import type { ImportedKey } from '../application/import-keys.handler';
import type { CreateKeyRequest } from '../application/requested-key';
import type { RotateKeyRequest } from '../application/rotate-key.handler';
import { assetName } from './asset-name';

export const scopes = z.array(z.string().min(1).max(100)).min(1).max(100);
const plan = z.string().min(1).max(100);
/** Empty: any address. */
const allowedIps = z.array(z.string().min(1).max(50)).max(100);
const ASSETS_OF_KEY_MAX = 200;
/** `null`: never. */
const expiresAt = instant.nullable();

const assets = z.union([
  z.literal('all', 'must be "all" or a list of names'),
  z.array(assetName).min(1).max(ASSETS_OF_KEY_MAX),
]);
/** Ids. */
const scopeSets = z.array(z.string().min(1).max(100)).max(20);
const tag = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._:-]{0,49}$/,
    'must be 1 to 50 lower-case letters, digits and . _ : -, the first a letter or digit',
  );
const tags = z
  .array(tag)
  .max(20)
  .transform((list) => [...new Set(list)].sort());

const common = {
  scope_sets: scopeSets.optional(),
  expires_at: expiresAt.optional(),
  allowed_ips: allowedIps.optional(),
  assets: assets.optional(),
  plan: plan.optional(),
  tags: tags.optional(),
};

type CommonFields = z.output<z.ZodObject<typeof common>>;

const commonOf = (body: CommonFields) => ({
  scopeSets: body.scope_sets,
  expiresAt: body.expires_at,
  allowedIps: body.allowed_ips,
  assets: body.assets,
  plan: body.plan,
  tags: body.tags,
});

/** S0-03, S3-06, with what C25 adds. What the values mean is for the workspace's profile to say. */
export const createKeyFields = z.strictObject({ name: displayName, scopes, ...common });

/** Scopes by name, or by what they let one do. */
type AskedFor = Omit<z.output<typeof createKeyFields>, 'scopes'> & Pick<CreateKeyRequest, 'scopes'>;

export const createKeyRequestOf = (body: AskedFor): CreateKeyRequest => ({
  name: body.name,
  scopes: body.scopes,
  ...commonOf(body),
});

export const createKeyBody = createKeyFields.transform(createKeyRequestOf);

/** S0-16: fields that are absent stay as they are (C7). */
export const changeKeyBody = z
  .strictObject({ name: displayName.optional(), scopes: scopes.optional(), ...common })
  .transform((body): ChangeKeyRequest => ({ name: body.name, scopes: body.scopes, ...commonOf(body) }));

const IMPORTED_MAX = 100;

/** Digests of secrets that somebody else has made, and what their keys are to be. */
export const importKeysBody = z.strictObject({
  keys: z
    .array(
      createKeyFields
        .extend({
          sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
          prefix: z.string().max(32),
        })
        .transform((body): ImportedKey => ({
          ...createKeyRequestOf(body),
          sha256: new Uint8Array(Buffer.from(body.sha256, 'hex')),
          prefix: body.prefix,
        })),
    )
    .min(1)
    .max(IMPORTED_MAX),
});

export type ImportKeysBody = z.output<typeof importKeysBody>;

const GRACE_HOURS_DEFAULT = 24;
const GRACE_HOURS_MAX = 720;
/** A few seconds. */
const SILENT_HOURS_MIN = 0.001;

/** S3-11; fractions are allowed (C28). No body at all asks for the default. */
export const rotateKeyBody = z
  .strictObject({
    grace_period_hours: z.number().min(0).max(GRACE_HOURS_MAX).default(GRACE_HOURS_DEFAULT),
    end_when_silent_hours: z.number().min(SILENT_HOURS_MIN).max(GRACE_HOURS_MAX).optional(),
    replaces: z.string().max(100).optional(),
  })
  .prefault({})
  .transform((body): RotateKeyRequest => ({
    gracePeriodHours: body.grace_period_hours,
    ...(body.end_when_silent_hours !== undefined && { endWhenSilentHours: body.end_when_silent_hours }),
    ...(body.replaces !== undefined && { replaces: body.replaces }),
  }));

/** For the record of events. */
const reason = displayName.transform(recordedText).default('requested');

/** No body at all will do. */
export const suspendKeyBody = z.strictObject({ reason }).prefault({});

export type SuspendKeyBody = z.output<typeof suspendKeyBody>;

const SELECTORS = ['user_id', 'tag', 'all'] as const;

/** Exactly one of the selectors: whoever forgets it shall not revoke everything. */
export const revokeKeysBody = z
  .strictObject({
    user_id: z.string().min(1).max(100).transform(userId).optional(),
    tag: tag.optional(),
    all: z.literal(true).optional(),
    reason,
  })
  .refine((body) => SELECTORS.filter((name) => body[name] !== undefined).length === 1, {
    message: 'must have exactly one of "user_id", "tag" and "all"',
  });

export type RevokeKeysBody = z.output<typeof revokeKeysBody>;
