import type { MfaMethod } from '@latchkey/contracts';
import { requestId, Secret, workspaceId, type UserId } from '@latchkey/kernel';
import { Secret as Seed, TOTP } from 'otpauth';
import type { Caller } from '../application/caller';
import type { EnrolledMfa } from '../application/confirm-mfa.handler';
import type { PasswordProof } from '../application/own-password';
import type { SecondFactorMethod } from '../application/sign-in-ports';
import type { SignedInWithSession } from '../application/sign-in.handler';
import type { SignInProcess, SignInWorld } from './sign-in-world';

export const STEP_MS = 30_000;
const seen = { ip: '192.0.2.1', userAgent: 'test' };

export const callerFor = (userId: UserId): Caller => ({
  ...{ userId, workspaceId: workspaceId('w1'), credentialId: 'a session', requestId: requestId('test') },
  keyScopes: null,
});

/** What an app shows at that moment. */
export const appCode = (seed: Secret, at: Date): Secret =>
  new Secret(TOTP.generate({ secret: Seed.fromBase32(seed.reveal()), timestamp: at.getTime() }));

/** Six digits that are not these. */
export const wrongCode = (right: Secret): Secret =>
  new Secret(right.reveal().replace(/.$/, (digit) => String((Number(digit) + 5) % 10)));

/** What a user does with second factors, in one process. */
export class SecondFactorUser {
  constructor(
    private readonly world: SignInWorld,
    readonly identity: SignInProcess,
    readonly userId: UserId,
    private readonly password: string,
  ) {}

  in(process: SignInProcess): SecondFactorUser {
    return new SecondFactorUser(this.world, process, this.userId, this.password);
  }

  proof(password = this.password): PasswordProof {
    return { password: new Secret(password), field: 'password', seen };
  }

  get caller(): Caller {
    return callerFor(this.userId);
  }

  async begunTotp(): Promise<Secret> {
    return (await this.identity.mfa.begin.totpApp(this.proof(), this.caller)).seed;
  }

  confirm(method: MfaMethod, code: Secret): Promise<EnrolledMfa> {
    return this.identity.mfa.confirm.execute({ method, code, seen }, this.caller);
  }

  /** An app, whose next code is good: the first one is used up with it. */
  async enrolTotp(): Promise<EnrolledMfa & { readonly seed: Secret }> {
    const seed = await this.begunTotp();
    const enrolled = await this.confirm('totp', appCode(seed, this.world.clock.now()));
    this.world.clock.advance(STEP_MS);
    return { ...enrolled, seed };
  }

  async enrolEmail(): Promise<EnrolledMfa> {
    await this.identity.mfa.begin.email(this.proof(), this.caller);
    return this.confirm('email', this.mailedCode());
  }

  /** In the latest mail of all. */
  mailedCode(): Secret {
    const mail = this.world.mails.findLast(({ template }) => template === 'email_code');
    if (mail?.template !== 'email_code') throw new Error('no code was mailed');
    return mail.values.code;
  }

  /** As signing in does, once the password was right. */
  async challenge(): Promise<Secret> {
    const user = await this.identity.parts.users.load(this.userId);
    if (user.status !== 'Active') throw new Error(user.status);
    const begun = { user, workspaceId: workspaceId('w1'), seen, requestId: requestId('test') };
    return (await this.identity.mfa.challenges.begin(begun)).token;
  }

  answer(token: Secret, code: Secret, method: SecondFactorMethod = 'totp'): Promise<SignedInWithSession> {
    return this.identity.mfa.verify.execute({ token, code, method, seen, requestId: requestId('test') });
  }
}
