import { z } from 'zod';
import { CAPTCHA_VENDORS } from '../application/captcha';
import type { SignIn } from '../application/sign-in.handler';
import { PASSWORD_LENGTH_MAX } from '../domain/password/password';
import { email, secretText } from './bodies';

/** Longer than what any vendor gives out. */
const CAPTCHA_LENGTH_MAX = 8_192;

/** Of a password that there is, or is to be: whether it may be one is for one place to say. */
export const password = z.string().max(PASSWORD_LENGTH_MAX).pipe(secretText);

/** S1-12. */
export const signInBody = z
  .strictObject({
    email,
    password,
    captcha_response: z.string().max(CAPTCHA_LENGTH_MAX).optional(),
    bypass_captcha: z.boolean().optional(),
    vendor: z.enum(CAPTCHA_VENDORS).optional(),
  })
  .transform((body): Pick<SignIn, 'email' | 'password' | 'captcha'> => ({
    email: body.email,
    password: body.password,
    captcha: {
      response: body.captcha_response ?? null,
      vendor: body.vendor ?? null,
      bypass: body.bypass_captcha ?? false,
    },
  }));

export type SignInBody = z.output<typeof signInBody>;
