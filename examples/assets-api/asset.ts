import { z } from 'zod';

const HOST_NAME_LENGTH_MAX = 253;
const ASSETS_PER_CALL_MAX = 1_000;

/** RFC 1123 §2.1: labels of letters, digits and hyphens. An asset's name is also what a key's asset list holds. */
const HOST_NAME = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/;

export interface Asset {
  readonly hostname: string;
  /** 0 to 100; null until somebody has scanned it. */
  readonly security_score: number | null;
  /** RFC 3339. */
  readonly created_at: string;
}

const hostname = z
  .string()
  .max(HOST_NAME_LENGTH_MAX)
  .toLowerCase()
  .regex(HOST_NAME, 'must be a host name, such as example.com.');

/** `token` is not here: the guard has taken it out of the body before anybody else sees it. */
export const bulkAddBody = z.strictObject({ assets: z.array(hostname).min(1).max(ASSETS_PER_CALL_MAX) });

export type BulkAddBody = z.infer<typeof bulkAddBody>;
