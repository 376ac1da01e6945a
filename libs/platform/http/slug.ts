import { z } from 'zod';

/** One label of a host name (RFC 1035 §2.3.1), in lower case. */
export const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const SLUG_SENTENCE =
  'must be 1 to 63 lower-case letters, digits and hyphens, and neither begin nor end with a hyphen';

/** What a workspace is called in addresses. */
export const slug = z.string().regex(SLUG, SLUG_SENTENCE);
