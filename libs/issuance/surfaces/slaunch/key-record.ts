import { timestamp, timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { ExistingKey, ListedKey } from '../../application/ports';

/** A key where a list is asked not to hydrate it. */
const apiKeyStubSchema = z.strictObject({ id: z.string(), label: z.string() }).meta({ id: 'ApiKeyStub' });

export type ApiKeyStub = Reply<typeof apiKeyStubSchema>;

/** The record of a key (C25). */
export const apiKeyReadSchema = apiKeyStubSchema
  .extend({
    scopes: z.array(z.string()),
    created: timestampText,
    /** `null`: never. */
    expires: timestampText.nullable(),
    last_used: timestampText.nullable(),
    /** Id of the user whose key it is. */
    created_by: z.string(),
  })
  .meta({ id: 'ApiKeyRead' });

export type ApiKeyRead = Reply<typeof apiKeyReadSchema>;

/** With the secret, which is shown this once. */
export const apiKeyReadCreateSchema = apiKeyReadSchema.extend({ key: z.string() }).meta({ id: 'ApiKeyReadCreate' });

export type ApiKeyReadCreate = Reply<typeof apiKeyReadCreateSchema>;

export const apiKeyPageSchema = z
  .strictObject({
    items: z.array(z.union([apiKeyReadSchema, apiKeyStubSchema])),
    next_cursor: z.string().nullable(),
    /** Of all pages together; `null`: filters let more through than are counted. */
    total: z.number().nullable(),
  })
  .meta({ id: 'ApiKeyInDbCursorPage' });

export type ApiKeyInDbCursorPage = Reply<typeof apiKeyPageSchema>;

export const apiKeyStub = ({ keyId: id, name: label }: ExistingKey): ApiKeyStub => ({ id, label });

export const apiKeyRead = (key: ListedKey): ApiKeyRead => ({
  ...apiKeyStub(key),
  scopes: key.scopesAsSent,
  created: timestamp(key.createdAt),
  expires: key.expiresAt && timestamp(key.expiresAt),
  last_used: key.lastUsedAt && timestamp(key.lastUsedAt),
  created_by: key.userId,
});
