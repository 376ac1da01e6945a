import type { MfaMethod } from '@latchkey/contracts';
import { AppError, type UserId } from '@latchkey/kernel';
import type { Users } from './ports';

export interface OwnMfa {
  /** In the order in which they were enrolled. */
  readonly methods: readonly MfaMethod[];
  /** How many are left. */
  readonly recoveryCodes: number;
}

/** What a user must show beside the password. */
export class ReadMfaQuery {
  constructor(private readonly users: Pick<Users, 'load'>) {}

  /** @throws AppError `session.ended` for a user who was erased a moment ago */
  async execute(userId: UserId): Promise<OwnMfa> {
    const user = await this.users.load(userId);
    if (user.status !== 'Active') throw new AppError('session.ended');
    return { methods: user.mfa, recoveryCodes: user.recoveryCodes };
  }
}
