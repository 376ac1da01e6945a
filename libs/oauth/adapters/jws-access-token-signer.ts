import type { AccessTokenSigner, AccessTokenType, SignedToken } from '../application/ports-tokens';
import type { Signer } from '../application/ports-signing-keys';
import type { SigningKeyring } from '../application/signing-keyring';

/** Access tokens as JWS in compact form (RFC 7515 §7.1). */
export class JwsAccessTokenSigner implements AccessTokenSigner {
  readonly #heads = new WeakMap<Signer, Map<AccessTokenType, string>>();

  constructor(private readonly keyring: Pick<SigningKeyring, 'current'>) {}

  async sign(type: AccessTokenType, claims: object): Promise<SignedToken> {
    const signer = this.keyring.current();
    const signed = `${this.#headOf(signer, type)}.${base64url(claims)}`;
    return { token: `${signed}.${await signer.sign(signed)}`, kid: signer.kid };
  }

  /** The same for every token of a key and type. */
  #headOf(signer: Signer, type: AccessTokenType): string {
    const heads = this.#heads.get(signer) ?? new Map<AccessTokenType, string>();
    const head = heads.get(type) ?? base64url({ alg: signer.algorithm, typ: type, kid: signer.kid });
    this.#heads.set(signer, heads.set(type, head));
    return head;
  }
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
