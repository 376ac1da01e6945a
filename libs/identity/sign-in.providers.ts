import type { SignInEntry } from '@latchkey/contracts';
import type { MetricsRegistry, Logger } from '@latchkey/platform';
import type { Entries } from '@latchkey/telemetry';
import type { Provider } from '@nestjs/common';
import { PostgresFamiliarNetworks } from './adapters/postgres-familiar-networks';
import { PostgresPasswordResets } from './adapters/postgres-password-resets';
import { PromSignInRecord } from './adapters/prom-sign-in-record';
import { AccountLocks } from './application/account-locks';
import { AccountNotices } from './application/account-notices';
import { Aside } from './application/aside';
import { AsideEnd } from './aside-end';
import { CaptchaGate, type CaptchaPolicy } from './application/captcha-gate';
import { ChangePasswordHandler } from './application/change-password.handler';
import { CredentialChange } from './application/credential-change';
import { ConfirmPasswordResetHandler } from './application/confirm-password-reset.handler';
import type { NewPasswords } from './application/new-passwords';
import { OwnPassword } from './application/own-password';
import { PasswordCheck } from './application/password-check';
import type { PasswordHasher, PasswordStore } from './application/password-ports';
import { RequestPasswordResetHandler } from './application/request-password-reset.handler';
import { RecordedSignIns } from './application/sign-in-telemetry';
import { SignInHandler } from './application/sign-in.handler';
import { given, type IdentityParts } from './identity-parts';
import { mfaAdapters, mfaProviders, mfaUseCases } from './mfa.providers';
import { MfaController } from './surfaces/canonical/mfa.controller';
import { PasswordController } from './surfaces/canonical/password.controller';
import { SignInController } from './surfaces/canonical/sign-in.controller';
import { S4eSignInController } from './surfaces/s4e/sign-in.controller';

export const signInControllers = [S4eSignInController, SignInController, PasswordController, MfaController];

export interface SignInOptions {
  readonly hasher: PasswordHasher;
  readonly captcha: CaptchaPolicy;
  /** The record of attempts to sign in (`signInTelemetry`). */
  readonly signIns: Entries<SignInEntry>;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

interface SignInParts extends SignInOptions {
  readonly newPasswords: NewPasswords;
  readonly passwords: PasswordStore;
}

/** Signing in with a password, changing it, and resetting it by mail. */
export function signInProviders(parts: IdentityParts, options: SignInParts): readonly Provider[] {
  const { dataSource, budgets, contacts, users, sessions, mail, tokens, settlement, clock } = parts;
  const { hasher, newPasswords, passwords, logger } = options;
  const familiar = new PostgresFamiliarNetworks(dataSource);
  const aside = new Aside((err) => logger.error({ err }, 'what nobody waited for has failed'));
  const check = new PasswordCheck(budgets, familiar, passwords, hasher, clock);
  const change = new CredentialChange(users, sessions, settlement, clock);
  const gate = new CaptchaGate(options.captcha);
  const notices = new AccountNotices(mail);
  const locks = new AccountLocks({ users, contacts, notices, aside, clock });
  const ownPassword = new OwnPassword(contacts, users, check, locks);
  const record = new RecordedSignIns(options.signIns, new PromSignInRecord(options.metrics, logger));
  const resets = new PostgresPasswordResets(dataSource, mail);
  const mfa = mfaUseCases(parts, { budgets, locks, ownPassword, change, notices, record }, mfaAdapters(parts));
  return [
    ...mfaProviders(mfa),
    given(Aside, aside),
    AsideEnd,
    given(PasswordCheck, check),
    given(
      SignInHandler,
      new SignInHandler(...([contacts, users, check, gate, locks, sessions, mfa.challenges, record, clock] as const)),
    ),
    given(ChangePasswordHandler, new ChangePasswordHandler(ownPassword, newPasswords, passwords, change, notices)),
    given(
      RequestPasswordResetHandler,
      new RequestPasswordResetHandler(contacts, users, resets, budgets, tokens, aside, clock),
    ),
    given(
      ConfirmPasswordResetHandler,
      new ConfirmPasswordResetHandler(
        ...([contacts, users, resets, newPasswords, passwords, budgets, familiar, notices, settlement, clock] as const),
      ),
    ),
  ];
}
