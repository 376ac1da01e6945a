import { z } from 'zod';

/** An offset may lead out of the years that RFC 3339 can write, and that our events can keep. */
const EARLIEST = new Date('0000-01-01T00:00:00.000Z');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

/** A moment in a body or a query: RFC 3339, with `Z` or an offset, in the years 0000 to 9999 of UTC. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time, such as 2027-01-01T00:00:00Z' })
  .transform((text) => new Date(text))
  .refine((time) => EARLIEST <= time && time <= LATEST, {
    error: `must be from ${EARLIEST.toISOString()} to ${LATEST.toISOString()}`,
  });
