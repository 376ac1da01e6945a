import { keyId, userId, workspaceId } from '@latchkey/kernel';
import { z } from 'zod';
import type { CredentialRef, SubjectBody } from './subjects';

const id = z.string().min(1).max(100);
const workspace = id.transform(workspaceId);
const liveSecret = z.strictObject({
  number: z.int().min(1),
  graceUntilMs: z.int().nullable(),
  replacedAtMs: z.int().exactOptional(),
});
/** Of a workspace. */
const keyPolicy = z.strictObject({
  expiryRequired: z.boolean(),
  maxLifetimeDays: z.int().min(1).nullable(),
  leakedKeys: z.enum(['notify', 'rotate', 'revoke']),
});
/** Of a key and of a client. */
const granted = {
  workspaceId: workspace,
  userId: id.transform(userId),
  name: z.string(),
  scopes: z.array(z.string()),
  scopeSetIds: z.array(id),
  allowedIps: z.array(z.string()),
  assets: z.union([z.literal('all'), z.array(z.string())]),
  plan: z.string(),
  secrets: z.array(liveSecret).max(2),
};

/**
 * A subject's body where it crosses a process: from its owner, or from live state. Unknown fields are refused; those with a default came
 * later than bodies that are stored.
 */
export const subjectBody: z.ZodType<SubjectBody> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('key'),
    ...granted,
    status: z.enum(['active', 'suspended', 'revoked']),
    expiresAtMs: z.int().nullable(),
  }),
  z.strictObject({
    kind: z.literal('workspace'),
    status: z.enum(['active', 'suspended']),
    name: z.string(),
    profile: z.string(),
    formerMembersKeys: z.enum(['end', 'stay']).default('end'),
    secondFactor: z.enum(['optional', 'required']).default('optional'),
    slug: z.string().exactOptional(),
    keyPolicy: keyPolicy.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('user'),
    status: z.enum(['active', 'suspended']),
    roles: z.record(z.string(), z.enum(['owner', 'admin', 'member', 'auditor'])),
    scopeSetIds: z.record(z.string(), z.array(id)).exactOptional(),
    sessionGeneration: z.int().min(0).default(0),
  }),
  z.strictObject({
    kind: z.literal('session'),
    workspaceId: workspace,
    userId: id.transform(userId),
    status: z.enum(['active', 'ended']),
    generation: z.int().min(0),
    tokenNumber: z.int().min(1),
    tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
    secondFactor: z.boolean(),
    idleUntilMs: z.int(),
    expiresAtMs: z.int(),
  }),
  z.strictObject({ kind: z.literal('scope_set'), workspaceId: workspace, scopes: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal('client'),
    ...granted,
    status: z.enum(['active', 'suspended', 'deleted']),
    tokenLifetimeSeconds: z.int().min(1),
    tokenGeneration: z.int().min(1),
    revokedTokens: z.array(z.strictObject({ jti: id, expiresAtMs: z.int() })),
  }),
  z.strictObject({
    kind: z.literal('signing_key'),
    status: z.enum(['trusted', 'revoked']),
    algorithm: z.enum(['RS256', 'ES256']),
    jwk: z.record(z.string(), z.string()),
  }),
]);

/** What a digest stands for, where it crosses a process. */
export const credentialRef: z.ZodType<CredentialRef> = z.strictObject({
  workspaceId: workspace,
  keyId: id.transform(keyId),
  secretNumber: z.int().min(1),
});
