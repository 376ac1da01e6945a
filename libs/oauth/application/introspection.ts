import { principalSchema, type CheckRequest, type Principal } from '@latchkey/contracts';
import type { ClientId, DeepReadonly, WorkspaceId } from '@latchkey/kernel';
import { decodeJwt, type JWTPayload } from 'jose';
import { z } from 'zod';
import { lookAt, type CredentialCheck } from './credential-check';
import type { KeyEnds } from './key-ends';
import { spelledByToken } from './token-spelling';

/** Who asks about tokens. What it is not told about is to it as if it did not exist. */
export interface Introspector {
  /** The only workspace whose tokens it is told about. */
  readonly workspaceId: WorkspaceId;
  /** The client that is told about its own access tokens alone; null: about every credential of the workspace. */
  readonly onlyOwn: ClientId | null;
}

/** A token, and what the caller knows of the call that showed it: all of it means what it means in a check. */
export interface IntrospectionRequest extends Pick<CheckRequest, 'ip' | 'asset' | 'own_assets'> {
  readonly token: string;
}

/** RFC 7662 §2.2. Times are Unix seconds. */
const activeToken = z.strictObject({
  active: z.literal(true),
  /** Which credential it is, as a check names it. */
  kind: principalSchema.shape.kind,
  /** Separated by spaces, in the spelling of an access token or of the workspace's profile; absent: none. */
  scope: z.string().exactOptional(),
  /** Of an access token. */
  client_id: z.string().exactOptional(),
  token_type: z.literal('Bearer'),
  exp: z.number().exactOptional(),
  iat: z.number().exactOptional(),
  nbf: z.number().exactOptional(),
  aud: z.union([z.string(), z.array(z.string())]).exactOptional(),
  iss: z.string().exactOptional(),
  /** The client of an access token; of a key or a session the user whose it is. */
  sub: z.string(),
  /** Of an access token, or `<id>.<n>`: the secret of a key, the token of a session (C29). */
  jti: z.string(),
  /** The workspace. */
  wid: z.string(),
  /** The only assets that it may touch; absent: all. */
  assets: z.array(z.string()).exactOptional(),
});

export const introspectedSchema = z
  .union([z.strictObject({ active: z.literal(false) }), activeToken])
  .meta({ id: 'Introspection' });

export type ActiveToken = DeepReadonly<z.output<typeof activeToken>>;

export type Introspected = DeepReadonly<z.output<typeof introspectedSchema>>;

const INACTIVE: Introspected = { active: false };

/**
 * Introspection of access tokens, API keys and sessions alike (RFC 7662): a token is active if a check of it would pass now. Each answer is
 * the check's of this very moment, so what has been revoked is active for nobody.
 */
export class Introspection {
  constructor(
    private readonly access: CredentialCheck,
    private readonly keyEnds: Pick<KeyEnds, 'endOf'>,
  ) {}

  /** @throws AppError `auth.unavailable`, `service.unavailable` when nobody could tell */
  async introspect(introspector: Introspector, { token, ...about }: IntrospectionRequest): Promise<Introspected> {
    const result = await lookAt(this.access, token, about);
    if (!result?.allowed || result.principal === null) return INACTIVE;
    const { principal } = result;
    if (!mayKnow(introspector, principal) || !staysWithin(principal, about)) return INACTIVE;
    return described(principal, await this.#own(token, principal));
  }

  /** What the credential says of itself; the check has looked at its signature. An API key is no JWT: of it, when it ends. */
  async #own(token: string, principal: Principal): Promise<JWTPayload> {
    if (principal.kind !== 'api_key') return decodeJwt(token);
    const endMs = await this.keyEnds.endOf(principal);
    // In whole seconds, and rather too early than too late.
    return endMs === null ? {} : { exp: Math.floor(endMs / 1_000) };
  }
}

const mayKnow = ({ workspaceId, onlyOwn }: Introspector, { kind, id, workspace_id: owner }: Principal): boolean =>
  owner === workspaceId && (onlyOwn === null || (kind === 'client' && id === onlyOwn));

/** Of a credential with restricted rights only who says that it minds them is told: any other would take it for one without. */
const staysWithin = ({ assets }: Principal, { asset, own_assets: ownAssets }: Omit<IntrospectionRequest, 'token'>) =>
  assets === 'all' || asset !== undefined || ownAssets === true;

function described(principal: Principal, own: JWTPayload): ActiveToken {
  const { kind, id, secret_id: jti, workspace_id: wid, user_id: userId, scopes, assets } = principal;
  const { exp, iat, nbf, aud, iss, scope } = own;
  return {
    active: true,
    kind,
    ...(scopes.length > 0 && { scope: spelledByToken(scopes, scope).join(' ') }),
    ...(kind === 'client' && { client_id: id }),
    token_type: 'Bearer',
    ...(exp !== undefined && { exp }),
    ...(iat !== undefined && { iat }),
    ...(nbf !== undefined && { nbf }),
    ...(aud !== undefined && { aud }),
    ...(iss !== undefined && { iss }),
    sub: kind === 'client' ? id : userId,
    jti,
    wid,
    ...(assets !== 'all' && { assets }),
  };
}
