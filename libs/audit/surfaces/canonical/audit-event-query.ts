import { holdsKey } from '@latchkey/access';
import { instant, pageQuery } from '@latchkey/platform';
import { z } from 'zod';

const VALUE_MAX = 200;

/** Types and ids are printable ASCII, and no secrets, which a database may write into its log; anything else can match nothing. */
export const exact = z
  .string()
  .max(VALUE_MAX)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .refine((text) => !holdsKey(text), 'must not be a secret');

/** A key's secrets have ids of their own, `<key id>.<n>`; each stands for the key (C29). */
const subject = exact.transform((id) => id.replace(/\.\d+$/, ''));

/** Query of `GET /api/v1/audit-events`. */
export const auditEventQuery = pageQuery.extend({
  type: exact.optional(),
  subject: subject.optional(),
  actor: exact.optional(),
  request_id: exact.optional(),
  /** The earliest time that is in. */
  from: instant.optional(),
  /** The earliest time that is out again. */
  to: instant.optional(),
});

export type AuditEventQuery = z.output<typeof auditEventQuery>;
