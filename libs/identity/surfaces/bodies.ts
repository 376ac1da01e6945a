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

/** Whatever its length: how long it must be is for one place to say. */
export const secretText = z
  .string()
  .min(1)
  .transform((text) => new Secret(text));
