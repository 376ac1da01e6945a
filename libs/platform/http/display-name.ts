import { z } from 'zod';

/**
 * What something is called. Without control characters, line breaks and invisible ones (zero-width, turned direction): a name is shown in
 * lists, logs and mails, and must not look like another one.
 */
export const displayName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must have no control or invisible characters')
  .regex(/\S/u, 'must not be blank');
