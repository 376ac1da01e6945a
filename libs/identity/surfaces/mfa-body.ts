import { Secret } from '@latchkey/kernel';
import { z } from 'zod';
import type { ShownCode } from '../application/second-factor-check';
import { isOneTimeCode, parseRecoveryCode } from '../domain/second-factor/codes';
import { secretText } from './bodies';

const MFA_TOKEN_LENGTH_MAX = 200;
const CODE_LENGTH_MAX = 100;

const secretIf = (isOne: (text: string) => boolean, message: string) =>
  z
    .string()
    .max(CODE_LENGTH_MAX)
    .refine(isOne, message)
    .transform((text) => new Secret(text));

export const oneTimeCode = secretIf(isOneTimeCode, 'must be six digits');
const recoveryCode = secretIf((text) => parseRecoveryCode(text) !== null, 'must be a recovery code');

const mfaToken = z.string().max(MFA_TOKEN_LENGTH_MAX).pipe(secretText);

/** S2-11, and a recovery code in the place of either. */
export const mfaBody = z
  .discriminatedUnion('method', [
    z.strictObject({ mfa_token: mfaToken, code: oneTimeCode, method: z.enum(['totp', 'email']) }),
    z.strictObject({ mfa_token: mfaToken, code: recoveryCode, method: z.literal('recovery_code') }),
  ])
  .transform(({ mfa_token: token, code, method }): ShownCode => ({ token, code, method }));
