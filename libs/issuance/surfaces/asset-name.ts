import { z } from 'zod';
import { ASSET_NAME_LENGTH_MAX } from '../domain/asset-source/asset-source';

/** What an asset is called, compared as it is. Anything that can be stored: no control characters, and no half of a character. */
export const assetName = z
  .string()
  .min(1)
  .max(ASSET_NAME_LENGTH_MAX)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must have no control characters');
