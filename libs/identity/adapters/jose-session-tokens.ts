import { parseSessionToken, SESSION_TOKEN_TYPE } from '@latchkey/access';
import { secretIdOf } from '@latchkey/contracts';
import { Secret, userId, type Clock } from '@latchkey/kernel';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SessionClaims, SessionTokens } from '../application/session-ports';
import type { SessionSigningKeys } from './session-signing-keys';

const ISSUER = 'latchkey';
const ALGORITHM = 'HS256';

/** JWTs as C10 has them: HS256 with a `kid`, and a `typ` of their own, so that no other token passes for one. */
export class JoseSessionTokens implements SessionTokens {
  constructor(
    private readonly keys: Pick<SessionSigningKeys, 'current' | 'find'>,
    private readonly clock: Clock,
  ) {}

  async issue({ sessionId, userId: user, workspaceId, tokenNumber, expiresAt }: SessionClaims): Promise<Secret> {
    const { kid, key } = await this.keys.current();
    const token = await new SignJWT({ sid: sessionId, wid: workspaceId })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: SESSION_TOKEN_TYPE })
      .setIssuer(ISSUER)
      .setSubject(user)
      .setJti(secretIdOf(sessionId, tokenNumber))
      .setIssuedAt(this.clock.now())
      .setExpirationTime(expiresAt)
      .sign(key);
    return new Secret(token);
  }

  async verify(token: Secret): Promise<SessionClaims | null> {
    const text = token.reveal();
    const claims = parseSessionToken(text);
    if (claims === null) return null;
    try {
      const { payload } = await jwtVerify(text, ({ kid = '' }) => this.#keyOf(kid), {
        algorithms: [ALGORITHM],
        typ: SESSION_TOKEN_TYPE,
        issuer: ISSUER,
        requiredClaims: ['sub', 'exp', 'iat', 'jti'],
        currentDate: this.clock.now(),
      });
      const { sub = '', exp = 0 } = payload;
      return { ...claims, userId: userId(sub), expiresAt: new Date(exp * 1_000) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  async #keyOf(kid: string): Promise<Uint8Array> {
    const found = await this.keys.find(kid);
    if (found === null) throw new errors.JWSSignatureVerificationFailed();
    return found.key;
  }
}
