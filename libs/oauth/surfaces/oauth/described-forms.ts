import type { DescribedRoute } from '@latchkey/platform';
import { z } from 'zod';

/** How a client authenticates, where it does not by `Authorization: Basic` (RFC 6749 §2.3.1, RFC 7523 §2.2). */
const clientForm = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  client_assertion: z.string().optional(),
  client_assertion_type: z.string().optional(),
});

/** RFC 6749 §5.2. */
const errorSchema = z.strictObject({ error: z.string(), error_description: z.string() }).meta({ id: 'OauthError' });

const refusal = { type: 'application/json', schema: errorSchema };

/** What every endpoint of forms may refuse with. */
const REFUSALS = { 400: refusal, 401: refusal, 413: refusal, 429: refusal, 503: refusal };

/** A route that takes a form from a client, as the OpenAPI document shows it. */
export const formRoute = (url: string, summary: string, fields: z.ZodObject, answer: z.ZodType): DescribedRoute => ({
  method: 'POST',
  url,
  summary,
  callers: ['client_basic', 'in_form'],
  body: { type: 'application/x-www-form-urlencoded', schema: fields.extend(clientForm.shape) },
  answers: { 200: { type: 'application/json', schema: answer }, ...REFUSALS },
  refuses: [],
});
