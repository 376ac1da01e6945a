import { clientId as asClientId, RecentlyUsed, type Clock, type Secret } from '@latchkey/kernel';
import type { ShownByClient } from '@latchkey/access';
import { AskQueue, SlidingWindows, withinMs, type Window } from '@latchkey/live-state';
import { decodeProtectedHeader, importJWK, jwtVerify, type JWK, type JWTPayload } from 'jose';
import { clientOfAssertion } from './claimed-client';
import type { ClientKeys, RegisteredKeys, UsedAssertions } from './ports-tokens';

/** How far clocks may be apart. */
const TOLERANCE_SECONDS = 30;
/**
 * Longest time until an assertion expires: for so long whoever got hold of one that was never shown could show it. An hour, as Authlib's have,
 * whose callers cannot say less.
 */
export const ASSERTION_LIFE_SECONDS = 3_600;
/** How far another host's clock may be behind that forgets what has expired. */
const FORGETTERS_CLOCK_SECONDS = 300;
/** A call that hangs must make room for the next. */
const ASK_TIMEOUT_MS = 1_000;
/** Anybody can name any client in an assertion: what is asked about them at once is bounded, and each asker has a share. */
const ASK_LIMITS = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };
/** Keys, of some 500 bytes each. */
const KNOWN_KEYS_MAX = 10_000;
/** Printable ASCII: whoever makes it up makes it of that. */
const JTI = /^[\x21-\x7e]{1,256}$/;

/** Algorithms of an assertion, by the type of the key that is to verify it. A key that names one is good for that alone. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = { RSA: ['RS256', 'PS256'], EC: ['ES256'] };

/** Of assertions and access tokens' clients (RFC 8414 `token_endpoint_auth_signing_alg_values_supported`). */
export const ASSERTION_ALGORITHMS: readonly string[] = Object.values(ALGORITHMS).flat();

export type RefusedAssertion = 'unknown' | 'bad_assertion' | 'replayed' | 'rate_limited';

export type AssertionVerdict =
  | { readonly kind: 'good'; readonly shown: ShownByClient }
  /** `shown`: whose key has signed it, where one has. */
  | {
      readonly kind: 'refused';
      readonly reason: RefusedAssertion;
      readonly shown: ShownByClient | null;
    };

const refused = (reason: RefusedAssertion, shown: ShownByClient | null = null): AssertionVerdict => ({
  kind: 'refused',
  reason,
  shown,
});

export interface ClientAssertionsParts {
  readonly keys: ClientKeys;
  readonly used: UsedAssertions;
  /** The only audience (RFC 8414 `issuer`): an assertion for another server must not be good here. */
  readonly issuer: string;
  readonly clock: Clock;
  /** Uses of one client that this process writes down in any minute: they are kept for an hour, and a client makes as many as it likes. */
  readonly usesPerMinute: number;
}

/** Authentication by a signed assertion (`private_key_jwt`, RFC 7523 §2.2 and §3). */
export class ClientAssertions {
  readonly #uses = new SlidingWindows();
  readonly #usesOfOne: readonly Window[];
  /** By client: the key that has signed its last good one. It may be its client's no more. */
  readonly #knownKeys = new RecentlyUsed<JWK>(KNOWN_KEYS_MAX);
  readonly #asks: AskQueue<string, RegisteredKeys | null>;

  constructor(private readonly parts: ClientAssertionsParts) {
    this.#usesOfOne = [{ name: 'minute', limit: parts.usesPerMinute, lengthMs: 60_000 }];
    this.#asks = new AskQueue({
      ask: (ids) => withinMs(parts.keys.find(ids), ASK_TIMEOUT_MS),
      nameOf: (id) => id,
      limits: ASK_LIMITS,
    });
  }

  /**
   * Who is good for one use is used up by this.
   * @param said the `client_id` beside the assertion, if there is one
   * @param asker on whose behalf the client's keys are asked for
   * @throws AppError `service.unavailable`
   */
  async verify(assertion: Secret, said: string | undefined, asker: string): Promise<AssertionVerdict> {
    const text = assertion.reveal();
    const clientId = clientOfAssertion(assertion);
    // RFC 7521 §4.2: where there is a client_id beside it, both name the same client.
    if (clientId === null || (said !== undefined && said !== clientId)) return refused('bad_assertion');
    const registered = await this.#asks.ask(clientId, asker);
    if (registered === null) return refused('unknown');
    const signed = await this.#signed(text, clientId, registered.keys);
    if (signed === null) return refused('bad_assertion');
    const shown = { workspaceId: registered.workspaceId, clientId: registered.clientId, secretNumber: null };
    if (!this.#mayUse(clientId)) return refused('rate_limited', shown);
    const first = await this.parts.used.use(asClientId(clientId), signed.jti, signed.forgettableAt);
    if (!first) return refused('replayed', shown);
    this.#knownKeys.put(clientId, signed.key);
    this.#consume(clientId, 1);
    return { kind: 'good', shown };
  }

  /**
   * Whether a key has signed it that has signed a good one of that client here before. Asks nobody, and says nothing of whether it is good: it
   * may be replayed, and the key removed.
   */
  async isByKnownKey(assertion: Secret): Promise<boolean> {
    const clientId = clientOfAssertion(assertion);
    const key = clientId === null ? undefined : this.#knownKeys.get(clientId);
    if (clientId === null || key === undefined) return false;
    return (await this.#signed(assertion.reveal(), clientId, [key])) !== null;
  }

  /** Looks only: a replay counts nothing, or who got hold of one assertion could keep its client out. */
  #mayUse(clientId: string): boolean {
    return (this.#consume(clientId, 0).windows[0]?.remaining ?? 1) > 0;
  }

  #consume(clientId: string, cost: number) {
    return this.#uses.consume(clientId, this.#usesOfOne, cost, this.parts.clock.now().getTime());
  }

  async #signed(text: string, clientId: string, keys: readonly JWK[]): Promise<Signed | null> {
    for (const key of keysFor(text, keys)) {
      const payload = await this.#verified(text, clientId, key);
      if (payload === null) continue;
      const claims = goodClaims(payload, this.parts.clock.now());
      return claims && { ...claims, key };
    }
    return null;
  }

  async #verified(text: string, clientId: string, key: JWK): Promise<JWTPayload | null> {
    try {
      const { payload } = await jwtVerify(text, await importJWK(key, headerOf(text)?.alg ?? ''), {
        algorithms: [...algorithmsOf(key)],
        issuer: clientId,
        subject: clientId,
        audience: this.parts.issuer,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: this.parts.clock.now(),
        requiredClaims: ['exp', 'jti'],
      });
      return payload;
    } catch {
      // Whatever is wrong with it, its client is told the same.
      return null;
    }
  }
}

interface GoodClaims {
  readonly jti: string;
  /** From then on it is refused for its age. */
  readonly forgettableAt: Date;
}

interface Signed extends GoodClaims {
  readonly key: JWK;
}

/** What RFC 7523 leaves to the server, of an assertion whose signature is good. */
function goodClaims({ aud, jti, exp, iat }: JWTPayload, now: Date): GoodClaims | null {
  const nowSeconds = now.getTime() / 1_000;
  // One audience: in a list, another server might take it for its own (RFC 9700 §2.6 wants credentials bound to one).
  if (typeof aud !== 'string' || typeof jti !== 'string' || !JTI.test(jti) || typeof exp !== 'number') return null;
  if (exp > nowSeconds + ASSERTION_LIFE_SECONDS + TOLERANCE_SECONDS) return null;
  if (iat !== undefined && iat > nowSeconds + TOLERANCE_SECONDS) return null;
  return { jti, forgettableAt: new Date((exp + TOLERANCE_SECONDS + FORGETTERS_CLOCK_SECONDS) * 1_000) };
}

const algorithmsOf = ({ kty = '', alg }: JWK): readonly string[] => {
  const ofType = ALGORITHMS[kty] ?? [];
  return alg === undefined ? ofType : ofType.filter((name) => name === alg);
};

/** Those that may have signed it: the one that it names, or all that can have used its algorithm. */
function keysFor(text: string, keys: readonly JWK[]): readonly JWK[] {
  const { alg = '', kid } = headerOf(text) ?? {};
  return keys.filter(
    (key) => algorithmsOf(key).includes(alg) && (kid === undefined || key.kid === undefined || key.kid === kid),
  );
}

function headerOf(text: string) {
  try {
    return decodeProtectedHeader(text);
  } catch {
    return null;
  }
}
