import { timestamp } from '@latchkey/platform';
import type { ExistingKey, ListedKey } from '../../application/ports';

/** A key where a list is asked not to hydrate it. */
export interface ApiKeyStub {
  readonly id: string;
  readonly label: string;
}

/** The record of a key (C25). */
export interface ApiKeyRead extends ApiKeyStub {
  readonly scopes: readonly string[];
  readonly created: string;
  /** `null`: never. */
  readonly expires: string | null;
  readonly last_used: string | null;
  /** Id of the user whose key it is. */
  readonly created_by: string;
}

/** With the secret, which is shown this once. */
export interface ApiKeyReadCreate extends ApiKeyRead {
  readonly key: string;
}

export interface ApiKeyInDbCursorPage {
  readonly items: readonly (ApiKeyRead | ApiKeyStub)[];
  readonly next_cursor: string | null;
  /** Of all pages together; `null`: filters let more through than are counted. */
  readonly total: number | null;
}

export const apiKeyStub = ({ keyId: id, name: label }: ExistingKey): ApiKeyStub => ({ id, label });

export const apiKeyRead = (key: ListedKey): ApiKeyRead => ({
  ...apiKeyStub(key),
  scopes: key.scopesAsSent,
  created: timestamp(key.createdAt),
  expires: key.expiresAt && timestamp(key.expiresAt),
  last_used: key.lastUsedAt && timestamp(key.lastUsedAt),
  created_by: key.userId,
});
