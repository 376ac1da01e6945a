import type { MfaMethod } from '@latchkey/contracts';
import { AppError, type Clock, type Secret } from '@latchkey/kernel';
import { RECOVERY_CODES } from '../domain/second-factor/codes';
import { purposeOfEnrolment } from './begin-mfa.handler';
import type { AccountNotices } from './account-notices';
import type { Caller } from './caller';
import type { CredentialChange } from './credential-change';
import type { Codes, MfaEnrolments, PendingEnrolment, SecondFactors, TotpCodes } from './mfa-ports';
import type { ProvenUser } from './own-password';
import type { Contacts, Transaction, Users } from './ports';
import type { RecoveryCodes } from './recovery-codes';
import type { SecondFactorAttempts } from './second-factor-attempts';
import type { UseCode } from './second-factor-check';
import type { Seen, SessionGrant } from './session-ports';

export interface MfaConfirmation {
  readonly method: MfaMethod;
  readonly code: Secret;
  readonly seen: Seen;
}

export interface EnrolledMfa {
  /** In the place of the caller's. */
  readonly session: SessionGrant;
  /** With the first second factor, to be shown this once; `null`: the user has some. */
  readonly recoveryCodes: readonly Secret[] | null;
}

export interface ConfirmMfaParts {
  readonly users: Users;
  readonly contacts: Contacts;
  readonly enrolments: MfaEnrolments;
  readonly factors: SecondFactors;
  readonly totp: TotpCodes;
  readonly codes: Codes;
  readonly recoveryCodes: RecoveryCodes;
  readonly attempts: SecondFactorAttempts;
  readonly change: CredentialChange;
  readonly notices: AccountNotices;
  readonly clock: Clock;
}

/** Somebody shows the first code of a second factor: from now on it is asked for. All of the user's sessions end, on every node. */
export class ConfirmMfaHandler {
  constructor(private readonly parts: ConfirmMfaParts) {}

  /**
   * @throws AppError `mfa.enrolment_ended`; `mfa.wrong_code`; `auth.rate_limited`; `mfa.already_enrolled`; `session.ended` when the user's
   * sessions were all ended since the password was shown
   */
  async execute({ method, code, seen }: MfaConfirmation, caller: Caller): Promise<EnrolledMfa> {
    const { users, contacts, enrolments, clock } = this.parts;
    const user = await users.load(caller.userId);
    const contact = await contacts.find(caller.userId);
    if (user.status !== 'Active' || !contact) throw new AppError('session.ended');
    const enrolment = await enrolments.find(user.userId, method, clock.now());
    const isOver = enrolment?.generation !== user.sessionGeneration;
    if (!enrolment || isOver || !(await enrolments.charge(enrolment.enrolmentId, clock.now())))
      throw new AppError('mfa.enrolment_ended');
    const use = await this.parts.attempts.decide({ ...caller, ip: seen.ip }, async () => this.#check(enrolment, code));
    if (!use) throw wrongCode();
    return this.#enrol({ user, contact }, enrolment, use, caller, seen);
  }

  /** `null`: it is wrong. */
  #check({ enrolmentId, userId, factor }: PendingEnrolment, code: Secret): UseCode | null {
    const { totp, codes, factors, contacts, clock } = this.parts;
    const now = clock.now();
    if (factor.method === 'email') {
      if (!codes.matches(code, purposeOfEnrolment(enrolmentId), factor.emailCode)) return null;
      return async (tx) => {
        await contacts.verified(tx, userId, now);
        return true;
      };
    }
    const step = totp.stepOf(factor.seed, code, now);
    if (step === null) return null;
    return async (tx) => {
      await factors.setSeed(tx, userId, factor.seed);
      return factors.claimStep(tx, userId, step);
    };
  }

  async #enrol(
    { user: before, contact }: ProvenUser,
    { enrolmentId, factor: { method } }: PendingEnrolment,
    use: UseCode,
    caller: Caller,
    seen: Seen,
  ): Promise<EnrolledMfa> {
    const { userId } = before;
    const { change, enrolments, recoveryCodes, notices } = this.parts;
    const newCodes = before.recoveryCodes === 0 ? recoveryCodes.next() : null;
    const within = async (tx: Transaction) => {
      if (!(await enrolments.use(tx, enrolmentId))) throw new AppError('mfa.enrolment_ended');
      if (!(await use(tx))) throw wrongCode();
      if (newCodes) await recoveryCodes.set(tx, userId, newCodes);
      await notices.secondFactorChanged(tx, contact, 'enrolled', method);
    };
    const session = await change.renew(
      {
        before,
        commands: (now) => [
          { type: 'EnrolMfa', method, now },
          ...(newCodes ? [{ type: 'IssueRecoveryCodes', count: RECOVERY_CODES, now } as const] : []),
        ],
        within,
      },
      caller,
      seen,
    );
    return { session, recoveryCodes: newCodes };
  }
}

const wrongCode = () => new AppError('mfa.wrong_code', { field: 'code' });
