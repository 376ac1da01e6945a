import { z } from 'zod';

/** RFC 3339 in UTC; fractions of a second only where there are some. */
export const timestamp = (time: Date): string => time.toISOString().replace('.000Z', 'Z');

/** The same in the schema of a reply. */
export const timestampText = z.iso.datetime();
