import { Secret } from '@latchkey/kernel';
import { z } from 'zod';
import { parseEmailAddress, type EmailAddress } from '../domain/email-address';

const EMAIL_LENGTH_MAX = 320;

export const email = z
  .string()
  .max(EMAIL_LENGTH_MAX)
  .transform((text, context): EmailAddress => {
    const address = parseEmailAddress(text);
    if (address) return address;
    context.addIssue({ code: 'custom', message: 'must be an e-mail address' });
    return z.NEVER;
  });

/** Without control characters, line breaks and invisible ones: it is shown in lists and mails, and must not look like another one. */
export const displayName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'must have no control or invisible characters')
  .regex(/\S/u, 'must not be blank');

export const role = z.enum(['owner', 'admin', 'member', 'auditor']);

/** Whatever its length: how long it must be is for one place to say. */
export const secretText = z
  .string()
  .min(1)
  .transform((text) => new Secret(text));
