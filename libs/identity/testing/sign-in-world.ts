import type { Role } from '@latchkey/contracts';
import { openDatabase, PostgresEventStore } from '@latchkey/event-store';
import { requestId, Secret, userId, workspaceId, type AppError, type UserId } from '@latchkey/kernel';
import { PostgresSubjects, type ChangedSubject } from '@latchkey/live-state';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { identityMigrations } from '../adapters/identity-migrations';
import { JoseSessionTokens } from '../adapters/jose-session-tokens';
import { listedPasswords } from '../adapters/listed-passwords';
import { Argon2Hasher } from '../adapters/password-hashing/argon2-hasher';
import { PostgresAttemptBudgets, type AttemptLimits } from '../adapters/postgres-attempt-budgets';
import { PostgresFamiliarNetworks } from '../adapters/postgres-familiar-networks';
import { PostgresPasswordResets } from '../adapters/postgres-password-resets';
import { PostgresPasswordStore } from '../adapters/postgres-password-store';
import { PostgresSessionStore } from '../adapters/postgres-session-store';
import { SessionSigningKeys } from '../adapters/session-signing-keys';
import { AccountLocks } from '../application/account-locks';
import { AccountNotices } from '../application/account-notices';
import { Aside } from '../application/aside';
import { ATTEMPT_LIMITS, type AttemptBudgets } from '../application/attempts';
import { CaptchaGate, type CaptchaAnswer, type CaptchaPolicy } from '../application/captcha-gate';
import { ChangePasswordHandler } from '../application/change-password.handler';
import { CredentialChange } from '../application/credential-change';
import { ConfirmPasswordResetHandler } from '../application/confirm-password-reset.handler';
import { NewPasswords } from '../application/new-passwords';
import { OwnPassword } from '../application/own-password';
import { PasswordCheck } from '../application/password-check';
import type { PasswordHasher, PasswordResets } from '../application/password-ports';
import type { Mail, MailMessage, Users } from '../application/ports';
import { RequestPasswordResetHandler } from '../application/request-password-reset.handler';
import type { SignInAttempt } from '../application/sign-in-ports';
import { SignInHandler, type SignedIn } from '../application/sign-in.handler';
import { UserSessions } from '../application/user-sessions';
import { parseEmailAddress, type EmailAddress } from '../domain/email-address';
import type { UserCommand } from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import { identityParts } from '../identity-parts';
import { mfaAdapters, mfaUseCases, type MfaAdapters } from '../mfa.providers';

const WEEK_MS = 7 * 86_400_000;
const WEAK = { memoryCost: 1_024, timeCost: 1, parallelism: 1, hashLength: 32 };
const NO_CAPTCHA: CaptchaAnswer = { response: null, vendor: null, bypass: false };

export interface WorldOptions {
  /** What stands in the place of the hasher, or before it. */
  readonly hasher?: (inner: PasswordHasher) => PasswordHasher;
  readonly budgets?: (inner: AttemptBudgets) => AttemptBudgets;
  readonly users?: (inner: Users) => Users;
  readonly resets?: (inner: PasswordResets) => PasswordResets;
  readonly captcha?: CaptchaPolicy;
  readonly mfa?: (inner: MfaAdapters) => Partial<MfaAdapters>;
  readonly limits?: Partial<AttemptLimits>;
}

export const address = (text: string): EmailAddress => {
  const parsed = parseEmailAddress(text);
  if (!parsed) throw new Error(`${text} is no e-mail address`);
  return parsed;
};

/** The code of the error, or `null`. */
export const codeOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: AppError) => error.code,
  );

/** One database, and as many processes on it as a test wants. */
export class SignInWorld {
  readonly clock = new FakeClock('2026-04-28T12:00:00.000Z');
  readonly #open: DataSource[] = [];
  readonly #hasher = new Argon2Hasher({ parameters: WEAK, bounds: { atOnce: 4, waitingMax: 1_000 } });
  readonly mails: MailMessage[] = [];
  readonly records: SignInAttempt[] = [];
  readonly settled: ChangedSubject[] = [];
  readonly failedAside: unknown[] = [];
  #users = 0;

  private constructor(private readonly database: Awaited<ReturnType<typeof freshDatabase>>) {}

  static async start(): Promise<SignInWorld> {
    return new SignInWorld(await freshDatabase());
  }

  async process(options: WorldOptions = {}): Promise<SignInProcess> {
    const dataSource = await openDatabase({
      url: this.database.url,
      schema: 'identity',
      migrations: identityMigrations,
      applicationName: 'identity-test',
    });
    this.#open.push(dataSource);
    return recomposable(this, dataSource, this.#hasher, options);
  }

  /** A user with this password, who has the role in each of the workspaces. */
  async register(
    { parts, newPasswords, passwords }: SignInProcess,
    email: string,
    password: string,
    roles: Readonly<Record<string, Role>> = { w1: 'admin' },
  ): Promise<UserId> {
    this.#users += 1;
    const id = userId(`01900000-0000-7000-8000-${String(this.#users).padStart(12, '0')}`);
    const now = this.clock.now();
    const hash = await newPasswords.hash({ password: new Secret(password), email, field: 'password' });
    const commands: readonly UserCommand[] = [
      { type: 'RegisterUser', userId: id, now },
      { type: 'ChangePassword', how: 'set', now },
      ...Object.entries(roles).map(
        ([workspace, role]) => ({ type: 'AddMember', workspaceId: workspaceId(workspace), role, now }) as const,
      ),
    ];
    await parts.users.write({
      userId: id,
      decide: (state) => decideInTurn(commands, state),
      meta: { actorId: 'test', workspaceId: 'w1', requestId: 'test', at: now },
      within: async (tx) => {
        await parts.contacts.add(tx, { userId: id, email: address(email), name: null, emailVerifiedAt: null });
        await passwords.set(tx, id, hash, now);
      },
    });
    return id;
  }

  /** Users stay; nobody has tried anything, and nothing was mailed, recorded or settled. */
  async reset({ aside, dataSource }: SignInProcess): Promise<void> {
    await aside.done();
    for (const list of [this.records, this.mails, this.settled]) list.length = 0;
    await dataSource.query('TRUNCATE attempt_budget, familiar_network');
  }

  async stop(): Promise<void> {
    await this.#hasher.stop();
    await Promise.all(this.#open.map((dataSource) => dataSource.destroy()));
    await this.database.drop();
  }
}

export type SignInProcess = ReturnType<typeof compose> & {
  /** The same process, composed otherwise. */
  with(options: WorldOptions): SignInProcess;
};

const recomposable = (
  world: SignInWorld,
  dataSource: DataSource,
  hasher: Argon2Hasher,
  options: WorldOptions,
): SignInProcess => ({
  ...compose(world, dataSource, hasher, options),
  with: (others) => recomposable(world, dataSource, hasher, { ...options, ...others }),
});

function compose(world: SignInWorld, dataSource: DataSource, argon2id: Argon2Hasher, options: WorldOptions) {
  const same = <Port>(port: Port): Port => port;
  const hasher = (options.hasher ?? same<PasswordHasher>)(argon2id);
  const { clock } = world;
  const masterKey = new Secret('m'.repeat(32));
  const settlement = { settle: async (changed: readonly ChangedSubject[]) => void world.settled.push(...changed) };
  const parts = identityParts({ dataSource, subjects: new PostgresSubjects(dataSource), settlement, masterKey, clock });
  const { contacts, tokens, ids, subjects } = parts;
  const users = (options.users ?? same<Users>)(parts.users);
  const signingKeys = new SessionSigningKeys({ dataSource, masterKey, clock, ids, lifeMs: WEEK_MS });
  const sessions = new UserSessions({
    store: new PostgresSessionStore(dataSource, new PostgresEventStore(dataSource), subjects, WEEK_MS),
    tokens: new JoseSessionTokens(signingKeys, clock),
    ...{ users, settlement, ids, clock, lifeMs: WEEK_MS, refreshLeastMs: 0 },
  });
  const passwords = new PostgresPasswordStore(dataSource);
  const newPasswords = new NewPasswords(hasher, listedPasswords);
  const budgets = (options.budgets ?? same<AttemptBudgets>)(
    new PostgresAttemptBudgets(dataSource, masterKey, { ...ATTEMPT_LIMITS, ...options.limits }),
  );
  const familiar = new PostgresFamiliarNetworks(dataSource);
  const mail: Mail = { send: async (_tx, message) => void world.mails.push(message) };
  const aside = new Aside((error) => world.failedAside.push(error));
  const resets = (options.resets ?? same<PasswordResets>)(new PostgresPasswordResets(dataSource, mail));
  const check = new PasswordCheck(budgets, familiar, passwords, hasher, clock);
  const change = new CredentialChange(users, sessions, settlement, clock);
  const notices = new AccountNotices(mail);
  const locks = new AccountLocks({ users, contacts, notices, aside, clock });
  const ownPassword = new OwnPassword(contacts, users, check, locks);
  const gate = new CaptchaGate(options.captcha ?? { captcha: null, isTrusted: () => false });
  const record = { record: (attempt: SignInAttempt) => void world.records.push(attempt) };
  const adapters = mfaAdapters({ dataSource, masterKey, mail });
  const mfa = mfaUseCases(
    { ...parts, users, sessions },
    { budgets, locks, ownPassword, change, notices, record },
    { ...adapters, ...options.mfa?.(adapters) },
  );
  const signIn = new SignInHandler(contacts, users, check, gate, locks, sessions, mfa.challenges, record, clock);
  return {
    ...{
      dataSource,
      parts,
      hasher,
      passwords,
      newPasswords,
      budgets,
      familiar,
      aside,
      resets,
      sessions,
      mfa,
      adapters,
    },
    signIn: (
      email: string,
      password: string,
      fields: { ip?: string; captcha?: Partial<CaptchaAnswer>; signal?: AbortSignal } = {},
    ): Promise<SignedIn> =>
      signIn.execute({
        email: address(email),
        password: new Secret(password),
        captcha: { ...NO_CAPTCHA, ...fields.captcha },
        seen: { ip: fields.ip ?? '192.0.2.1', userAgent: 'test' },
        requestId: requestId('test'),
        signal: fields.signal,
      }),
    change: new ChangePasswordHandler(ownPassword, newPasswords, passwords, change, notices),
    requestReset: new RequestPasswordResetHandler(contacts, users, resets, budgets, tokens, aside, clock),
    confirmReset: new ConfirmPasswordResetHandler(
      ...([contacts, users, resets, newPasswords, passwords, budgets, familiar, notices, settlement, clock] as const),
    ),
  };
}
