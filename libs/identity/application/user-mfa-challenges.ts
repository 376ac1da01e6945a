import { AppError, isAppError, Secret, type Clock } from '@latchkey/kernel';
import { parseEmailAddress } from '../domain/email-address';
import { methodsOf, type ActiveUser } from '../domain/user/user';
import type { EmailCode, EmailCodes } from './email-codes';
import type { Codes, MfaChallengeStore } from './mfa-ports';
import type { Contacts, Tokens } from './ports';
import { purposeOfChallenge } from './second-factor-check';
import type { MfaChallenge, MfaChallenges, NewMfaChallenge } from './sign-in-ports';

/** From the password to the second factor. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;

/** As in the documents (S2-10). */
const PREFIX = 'mfa_temp_';

/** Begins to ask for a second factor (S2-10). */
export class UserMfaChallenges implements MfaChallenges {
  constructor(
    private readonly store: MfaChallengeStore,
    private readonly contacts: Contacts,
    private readonly emailCodes: EmailCodes,
    private readonly codes: Codes,
    private readonly tokens: Tokens,
    private readonly clock: Clock,
  ) {}

  async begin({ user, workspaceId }: NewMfaChallenge): Promise<MfaChallenge> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + CHALLENGE_LIFE_MS);
    const token = new Secret(`${PREFIX}${this.tokens.next().reveal()}`);
    const methods = methodsOf(user);
    const mailed = methods.includes('email') ? await this.#mailed(user, now, expiresAt) : null;
    const emailCode = mailed && this.codes.digestOf(mailed.code, purposeOfChallenge(token));
    const { userId, sessionGeneration: generation } = user;
    await this.store.keep({
      ...{ token, userId, workspaceId, generation, emailCode, expiresAt },
      mail: mailed && mailed.mail,
      begunAt: now,
    });
    return { token, methods: methods.filter((method) => method !== 'email' || mailed), expiresAt };
  }

  /** `null`: too many mails were sent, and there is another second factor. */
  async #mailed({ userId, mfa }: ActiveUser, now: Date, expiresAt: Date): Promise<EmailCode | null> {
    const contact = await this.contacts.find(userId);
    const to = contact && parseEmailAddress(contact.email);
    // Erased since the password was looked at.
    if (!to) throw new AppError('auth.unauthorized');
    try {
      return await this.emailCodes.next(userId, to, now, expiresAt);
    } catch (error) {
      if (isAppError(error, 'auth.rate_limited') && mfa.length > 1) return null;
      throw error;
    }
  }
}
