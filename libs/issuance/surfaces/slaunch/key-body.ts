import { displayName, instant } from '@latchkey/platform';
import { z } from 'zod';
import type { CreateKeyRequest } from '../../application/requested-key';
import { scopes } from '../key-bodies';

/** S4-10: `ApiKeyWriteCreate`. What the scopes mean is for the workspace's profile to say. */
export const apiKeyWriteCreate = z
  .strictObject({ label: displayName, scopes, expires: instant.nullable().optional() })
  .transform(({ label, scopes, expires }): CreateKeyRequest => ({ name: label, scopes, expiresAt: expires }));
