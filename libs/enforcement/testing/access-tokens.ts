import type { ClientSubject, SigningKeySubject } from '@latchkey/contracts';
import { clientId } from '@latchkey/kernel';
import { createPublicKey, generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import { liveWorkspace, USER, WORKSPACE } from './keys';
import type { ScriptedLiveAccess } from './scripted-live-access';

export const CLIENT = clientId('01900000-0000-7000-8000-0000000000c1');
export const JTI = '01900000-0000-7000-8000-0000000000e1';
export const TERMS = { issuer: 'https://id.example.com', audience: 'https://api.example.com' };

/** One hour from the moment that live state's script begins at. */
export const EXPIRES_MS = Date.UTC(2026, 3, 28, 13);

export const CLAIMS = {
  ...{ iss: TERMS.issuer, aud: TERMS.audience, sub: CLIENT, client_id: CLIENT, jti: JTI },
  ...{ iat: EXPIRES_MS / 1_000 - 3_600, exp: EXPIRES_MS / 1_000, scope: 'read:assets write:scans', wid: WORKSPACE },
  gen: 1,
};

export const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A pair of keys for tokens, and the subject of the public one. */
export class TestSigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly subject: SigningKeySubject;
  readonly id: string;

  constructor(readonly algorithm: SigningKeySubject['algorithm']) {
    const pair =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = pair.privateKey;
    this.publicKey = createPublicKey(pair.privateKey);
    const jwk = this.publicKey.export({ format: 'jwk' }) as Record<string, string>;
    const { kty, e, n, crv, x, y } = jwk;
    this.subject = { kind: 'signing_key', status: 'trusted', algorithm, jwk };
    this.id = hash('sha256', JSON.stringify(kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }), 'base64url');
  }

  /** @param header in place of what the token would say, where given */
  token(claims: object = {}, header: object = {}): string {
    const text = `${part({ alg: this.algorithm, typ: 'at+jwt', kid: this.id, ...header })}.${part({ ...CLAIMS, ...claims })}`;
    return `${text}.${this.signature(text)}`;
  }

  signature(text: string): string {
    const key = { key: this.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return sign('sha256', Buffer.from(text), key).toString('base64url');
  }
}

export const activeClient: ClientSubject = {
  kind: 'client',
  workspaceId: WORKSPACE,
  userId: USER,
  name: 'Nightly report',
  status: 'active',
  scopes: ['assets:read', 'assets:write', 'enforcement:check', 'scans:write'],
  scopeSetIds: [],
  allowedIps: [],
  assets: 'all',
  plan: 'standard',
  secrets: [{ number: 1, graceUntilMs: null }],
  tokenLifetimeSeconds: 3_600,
  tokenGeneration: 1,
  revokedTokens: [],
};

/** A workspace with its owner, one key, one client, and the keys that sign tokens. */
export function liveClient(keys: readonly TestSigningKey[], client: Partial<ClientSubject> = {}): ScriptedLiveAccess {
  const live = liveWorkspace();
  live.put(CLIENT, { ...activeClient, ...client });
  for (const { id, subject } of keys) live.put(id, subject);
  return live;
}
