import { z } from 'zod';

/**
 * CloudEvents 1.0 in structured JSON mode. Extension attributes are lower-case letters and digits only (CloudEvents §3.1), so
 * `streamversion`, not `version`. Numbers that may pass 2^31 are strings, as CloudEvents' Integer has 32 bits.
 */
export const eventEnvelope = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  /** The aggregate's id. */
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  /** Place in the aggregate's stream, from 1. */
  streamversion: z.number().int().positive(),
  /** Place in the source's published events, from 1, without gaps; a decimal string. */
  position: z.string().regex(/^[1-9][0-9]*$/),
  workspaceid: z.string(),
  actorid: z.string(),
  requestid: z.string(),
  data: z.unknown(),
});

export type EventEnvelope = z.infer<typeof eventEnvelope>;
