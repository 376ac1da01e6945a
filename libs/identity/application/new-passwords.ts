import { networkOf } from '@latchkey/access';
import { AppError, Secret } from '@latchkey/kernel';
import {
  PASSWORD_CHARACTERS_MIN,
  PASSWORD_LENGTH_MAX,
  passwordProblem,
  preparedPassword,
  type PasswordProblem,
} from '../domain/password/password';
import type { CommonPasswords, PasswordHasher } from './password-ports';

const PRODUCT = 'latchkey';

const WHY: Readonly<Record<PasswordProblem, string>> = {
  too_short: `must have at least ${PASSWORD_CHARACTERS_MIN} characters`,
  too_long: `must have at most ${PASSWORD_LENGTH_MAX} characters`,
  control_characters: 'must have no control characters',
  common: 'is one of those that are tried first; choose another, several unrelated words for example',
  about_account: 'says little besides the e-mail address or the name of this product; choose another',
};

export interface NewPassword {
  readonly password: Secret;
  /** Of the account that it is for. */
  readonly email: string;
  /** The field of the request that it came in. */
  readonly field: string;
  /** Absent: nobody but whoever operates the service. */
  readonly ip?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The one way to a hash that may be kept: every new password, however it comes, keeps the same rules. */
export class NewPasswords {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly common: CommonPasswords,
  ) {}

  /** @throws AppError `password.refused` that names the field and the rule; what `PasswordHasher.hash` throws */
  hash({ password, email, field, ip, signal }: NewPassword): Promise<Secret> {
    const prepared = preparedPassword(password.reveal());
    const [localPart = ''] = email.split('@', 1);
    const problem = passwordProblem(prepared, { words: [localPart, PRODUCT], isCommon: this.common.isCommon });
    if (problem) throw new AppError('password.refused', { field, public: `"${field}" ${WHY[problem]}.` });
    return this.hasher.hash(new Secret(prepared), { network: networkOf(ip), signal });
  }
}
