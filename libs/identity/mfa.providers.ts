import type { Provider } from '@nestjs/common';
import { KeyedCodes } from './adapters/keyed-codes';
import { OtpauthTotp } from './adapters/otpauth-totp';
import { PostgresMfaChallenges } from './adapters/postgres-mfa-challenges';
import { PostgresMfaEnrolments } from './adapters/postgres-mfa-enrolments';
import { PostgresSecondFactors } from './adapters/postgres-second-factors';
import { QrDataUris } from './adapters/qr-data-uris';
import { SealedSeeds } from './adapters/sealed-seeds';
import type { AccountLocks } from './application/account-locks';
import type { AccountNotices } from './application/account-notices';
import type { AttemptBudgets } from './application/attempts';
import { BeginMfaHandler } from './application/begin-mfa.handler';
import { ConfirmMfaHandler } from './application/confirm-mfa.handler';
import type { CredentialChange } from './application/credential-change';
import { DisableMfaHandler } from './application/disable-mfa.handler';
import { EmailCodes } from './application/email-codes';
import { IssueRecoveryCodesHandler } from './application/issue-recovery-codes.handler';
import type {
  Codes,
  MfaChallengeStore,
  MfaEnrolments,
  QrCodes,
  SecondFactors,
  TotpCodes,
} from './application/mfa-ports';
import type { OwnPassword } from './application/own-password';
import type { Contacts, Mail, Tokens, Users } from './application/ports';
import { ReadMfaQuery } from './application/read-mfa.query';
import { RecoveryCodes } from './application/recovery-codes';
import { SecondFactorAttempts } from './application/second-factor-attempts';
import { SecondFactorCheck } from './application/second-factor-check';
import type { Sessions } from './application/session-ports';
import type { SignInRecord } from './application/sign-in-ports';
import { UserMfaChallenges } from './application/user-mfa-challenges';
import { VerifyMfaHandler } from './application/verify-mfa.handler';
import { given, type IdentityParts } from './identity-parts';

export interface MfaAdapters {
  readonly totp: TotpCodes;
  readonly qrCodes: QrCodes;
  readonly codes: Codes;
  readonly factors: SecondFactors;
  readonly challengeStore: MfaChallengeStore;
  readonly enrolments: MfaEnrolments;
}

interface StorageParts extends Pick<IdentityParts, 'dataSource' | 'masterKey'> {
  readonly mail: Mail;
}

export function mfaAdapters({ dataSource, masterKey, mail }: StorageParts): MfaAdapters {
  const seeds = new SealedSeeds(masterKey);
  return {
    totp: new OtpauthTotp(),
    qrCodes: new QrDataUris(),
    codes: new KeyedCodes(masterKey),
    factors: new PostgresSecondFactors(dataSource, seeds),
    challengeStore: new PostgresMfaChallenges(dataSource, mail),
    enrolments: new PostgresMfaEnrolments(dataSource, seeds, mail),
  };
}

/** What signing in with a password stands on too. */
export interface SignInBasis {
  readonly budgets: AttemptBudgets;
  readonly locks: AccountLocks;
  readonly ownPassword: OwnPassword;
  readonly change: CredentialChange;
  readonly notices: AccountNotices;
  readonly record: SignInRecord;
}

interface MfaParts extends Pick<IdentityParts, 'settlement' | 'ids' | 'clock'> {
  readonly users: Users;
  readonly contacts: Contacts;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
}

/** Enrolling second factors, and showing them when signing in. */
export function mfaUseCases(parts: MfaParts, basis: SignInBasis, adapters: MfaAdapters) {
  const { users, contacts, sessions, settlement, tokens, ids, clock } = parts;
  const { budgets, locks, ownPassword, change, notices, record } = basis;
  const { totp, qrCodes, codes, factors, challengeStore, enrolments } = adapters;
  const emailCodes = new EmailCodes(budgets, codes);
  const recoveryCodes = new RecoveryCodes(codes, factors);
  const attempts = new SecondFactorAttempts(budgets, locks, clock);
  const check = new SecondFactorCheck(factors, totp, codes, recoveryCodes);
  return {
    challenges: new UserMfaChallenges(challengeStore, contacts, emailCodes, codes, tokens, clock),
    verify: new VerifyMfaHandler({
      challenges: challengeStore,
      ...{ users, contacts, attempts, check, sessions, settlement, record, clock },
    }),
    begin: new BeginMfaHandler(ownPassword, enrolments, totp, qrCodes, codes, emailCodes, ids, clock),
    confirm: new ConfirmMfaHandler({
      ...{ users, contacts, enrolments, factors, totp, codes },
      ...{ recoveryCodes, attempts, change, notices, clock },
    }),
    disable: new DisableMfaHandler(ownPassword, factors, change, notices),
    issueRecoveryCodes: new IssueRecoveryCodesHandler(ownPassword, recoveryCodes, change),
    read: new ReadMfaQuery(users),
  };
}

export type MfaUseCases = ReturnType<typeof mfaUseCases>;

export const mfaProviders = (mfa: MfaUseCases): readonly Provider[] => [
  given(VerifyMfaHandler, mfa.verify),
  given(BeginMfaHandler, mfa.begin),
  given(ConfirmMfaHandler, mfa.confirm),
  given(DisableMfaHandler, mfa.disable),
  given(IssueRecoveryCodesHandler, mfa.issueRecoveryCodes),
  given(ReadMfaQuery, mfa.read),
];
