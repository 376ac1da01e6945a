import { SignJWT, type JWTPayload } from 'jose';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { JWT_BEARER } from './application/shown-credentials';
import { PostgresUsedAssertions } from './adapters/postgres-used-assertions';
import { AUDIENCE, ISSUER, TokenService, type PostOptions, type TestClient } from './testing/token-service';

const INVALID_CLIENT = { error: 'invalid_client', error_description: 'Client authentication failed.' };

/** A client that keeps its key to itself. */
describe('a client with public keys (private_key_jwt, RFC 7523)', () => {
  let service: TokenService;
  let client: TestClient;
  const rsa = rsaPair();
  const ec = ecPair();
  beforeAll(async () => {
    service = await TokenService.start();
    client = await service.register({
      publicKeys: [
        { ...publicJwk(rsa), kid: 'r1' },
        { ...publicJwk(ec), kid: 'e1', alg: 'ES256' },
      ],
    });
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    service.clock.advance(120_000);
    service.recorded.length = 0;
  });

  const now = () => Math.floor(service.clock.now().getTime() / 1_000);
  let number = 0;
  const everyday = (): JWTPayload => ({
    ...{ iss: client.id, sub: client.id, aud: ISSUER, jti: `jti-${(number += 1)}` },
    ...{ iat: now(), exp: now() + 60 },
  });
  const signed = (
    claims: Readonly<Record<string, unknown>> = {},
    key: KeyObject = rsa.privateKey,
    header: Partial<{ alg: string; kid: string }> = {},
  ) =>
    new SignJWT(withoutUndefined({ ...everyday(), ...claims }))
      .setProtectedHeader({ alg: 'RS256', ...header })
      .sign(key);
  const ask = (assertion: string, form: Record<string, string> = {}, options?: PostOptions) =>
    service.post(
      '/oauth/token',
      { grant_type: 'client_credentials', client_assertion_type: JWT_BEARER, client_assertion: assertion, ...form },
      options,
    );

  it.each<[string, () => Promise<string>]>([
    ['RS256', () => signed()],
    ['RS256 and the name of the key', () => signed({}, rsa.privateKey, { kid: 'r1' })],
    ['PS256', () => signed({}, rsa.privateKey, { alg: 'PS256' })],
    ['ES256', () => signed({}, ec.privateKey, { alg: 'ES256' })],
    ['clocks that are 29 s apart', () => signed({ iat: now() + 29, exp: now() + 3_629 })],
    ['an expiry of 29 s ago', () => signed({ iat: now() - 89, exp: now() - 29 })],
    ['no iat', () => signed({ iat: undefined })],
  ])('gets a token with %s', async (_, assertion) => {
    const reply = await ask(await assertion());
    expect([reply.status, reply.body.token_type]).toEqual([200, 'Bearer']);
    expect(service.recorded).toMatchObject([{ outcome: 'issued', method: 'private_key_jwt', clientId: client.id }]);
  });

  it('may say its client_id beside it, which must be the same', async () => {
    expect((await ask(await signed(), { client_id: client.id })).status).toBe(200);
    expect((await ask(await signed(), { client_id: ISSUER })).body).toEqual(INVALID_CLIENT);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['nothing that can be read', () => 'a.b.c'],
    [
      'no signature',
      () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(everyday())).toString('base64url')}.`,
    ],
    [
      'an HMAC by its public key',
      async () => new SignJWT(everyday()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(client.id.repeat(2))),
    ],
    ['another key', async () => signed({}, rsaPair().privateKey)],
    ['another key under its name', async () => signed({}, rsaPair().privateKey, { kid: 'r1' })],
    ['the name of a key that it has not', () => signed({}, rsa.privateKey, { kid: 'r2' })],
    ['the name of a key of another algorithm', () => signed({}, rsa.privateKey, { kid: 'e1' })],
    ['RS512', () => signed({}, rsa.privateKey, { alg: 'RS512' })],
    [
      'a header that must be understood',
      async () =>
        new SignJWT(everyday())
          .setProtectedHeader({ alg: 'RS256', crit: ['unheard'], unheard: 1 })
          .sign(rsa.privateKey, { crit: { unheard: true } }),
    ],
    ['another subject', () => signed({ sub: '01900000-0000-7000-8000-0000000000ff' })],
    ['another issuer', () => signed({ iss: '01900000-0000-7000-8000-0000000000ff' })],
    ['no audience', () => signed({ aud: undefined })],
    ['another audience', () => signed({ aud: 'https://other.example.com' })],
    ['the token endpoint as audience', () => signed({ aud: `${ISSUER}/oauth/token` })],
    ['the audience of access tokens', () => signed({ aud: AUDIENCE })],
    ['several audiences', () => signed({ aud: [ISSUER, 'https://other.example.com'] })],
    ['a list of one audience', () => signed({ aud: [ISSUER] })],
    ['no expiry', () => signed({ exp: undefined })],
    ['an expiry that is over', () => signed({ exp: now() - 31 })],
    ['an expiry of more than an hour ahead', () => signed({ exp: now() + 3_631 })],
    ['an iat ahead', () => signed({ iat: now() + 31 })],
    ['a time before which it is not good', () => signed({ nbf: now() + 31 })],
    ['no jti', () => signed({ jti: undefined })],
    ['an empty jti', () => signed({ jti: '' })],
    ['a jti of 257 characters', () => signed({ jti: 'j'.repeat(257) })],
    ['a jti that a database cannot hold', () => signed({ jti: 'a\u0000b' })],
  ])('gets none with %s', async (_, assertion) => {
    const reply = await ask(await assertion());
    expect([reply.status, reply.body]).toEqual([401, INVALID_CLIENT]);
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(service.recorded).toMatchObject([{ outcome: 'bad_assertion', clientId: null, method: 'private_key_jwt' }]);
  });

  it('is nobody where there is no such client, or it is one with a secret', async () => {
    const other = await service.register();
    for (const sub of ['01900000-0000-7000-8000-0000000000ff', other.id]) {
      expect((await ask(await signed({ iss: sub, sub }))).body).toEqual(INVALID_CLIENT);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'unknown', clientId: null });
    }
    expect((await ask(await signed({ iss: 'a\u0000b', sub: 'a\u0000b' }))).body).toEqual(INVALID_CLIENT);
  });

  it('cannot show a secret: it has none', async () => {
    const { secret } = await service.register();
    expect((await service.token({ id: client.id, secret })).body).toEqual(INVALID_CLIENT);
  });

  it('is refused at once when it is suspended', async () => {
    const one = await service.register({
      publicKeys: [publicJwk(ec)],
    });
    await service.change(one.id, {
      type: 'latchkey.client.suspended.v1',
      data: { reason: 'x', suspendedAt: '2026-04-28T12:00:00.000Z' },
    });
    expect((await ask(await signed({ iss: one.id, sub: one.id }, ec.privateKey, { alg: 'ES256' }))).body).toEqual(
      INVALID_CLIENT,
    );
  });

  it('goes on by a key that was good there, whatever others fail at its address, in its own name too', async () => {
    const crowded = await TokenService.start();
    try {
      const pair = ecPair();
      const register = () => crowded.register({ publicKeys: [publicJwk(pair)] });
      const [known, stranger] = [await register(), await register()];
      const fresh = async ({ id }: TestClient, key = pair.privateKey) => {
        const claims = { iss: id, sub: id, iat: undefined, exp: crowded.clock.now().getTime() / 1_000 + 60 };
        const assertion = await signed(claims, key, { alg: 'ES256' });
        const form = { client_assertion_type: JWT_BEARER, client_assertion: assertion };
        return (await crowded.post('/oauth/token', { grant_type: 'client_credentials', ...form })).status;
      };
      expect(await fresh(known)).toBe(200);
      const wrong = ecPair().privateKey;
      const guesses = async (of: TestClient) => {
        for (let each = 0; each < 31; each += 1) await fresh(of, wrong);
      };
      await guesses(known);
      for (const other of [await register(), await register(), await register()]) await guesses(other);
      expect([await fresh(stranger), await fresh(known, wrong)]).toEqual([429, 429]);
      expect(await fresh(known)).toBe(200);
      const removed = { changed: 'public_keys' as const, publicKeys: [publicJwk(ecPair())] };
      await crowded.change(known.id, { type: 'latchkey.client.updated.v1', data: removed });
      expect(await fresh(known)).toBe(401);
    } finally {
      await crowded.stop();
    }
  });

  describe('uses an assertion once', () => {
    it('and is refused the second time, whose it is being known', async () => {
      const assertion = await signed();
      expect((await ask(assertion)).status).toBe(200);
      expect((await ask(assertion)).body).toEqual(INVALID_CLIENT);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'replayed', clientId: client.id });
    });

    it('also where another one of the same jti is signed anew; and another client’s is another', async () => {
      const jti = 'twice';
      expect((await ask(await signed({ jti }))).status).toBe(200);
      expect((await ask(await signed({ jti, exp: now() + 61 }))).status).toBe(401);
      const pair = ecPair();
      const other = await service.register({ publicKeys: [publicJwk(pair)] });
      const theirs = await signed({ jti, iss: other.id, sub: other.id }, pair.privateKey, { alg: 'ES256' });
      expect((await ask(theirs)).status).toBe(200);
    });

    it('and a minute’s tokens of them at every endpoint, of which a replay is none', async () => {
      const few = await TokenService.start({ tokensPerMinute: 3 });
      try {
        const { id } = await few.register({ publicKeys: [publicJwk(ec)] });
        const header = { alg: 'ES256' };
        const introspect = (assertion: string) =>
          few.post('/oauth/introspect', {
            ...{ token: 'x', client_assertion_type: JWT_BEARER, client_assertion: assertion },
          });
        const times = { iat: undefined, exp: few.clock.now().getTime() / 1_000 + 60 };
        const fresh = () => signed({ iss: id, sub: id, ...times }, ec.privateKey, header);
        const first = await fresh();
        const shown = [first, first, first, await fresh(), await fresh(), await fresh()];
        const statuses = [];
        for (const assertion of shown) statuses.push((await introspect(assertion)).status);
        expect(statuses).toEqual([200, 401, 401, 200, 200, 429]);
        expect(few.recorded.at(-1)).toMatchObject({ outcome: 'rate_limited', clientId: id });
      } finally {
        await few.stop();
      }
    });

    const shownToAll = async () => {
      const nodes = [await service.addNode(), await service.addNode(), await service.addNode()];
      const assertion = await signed();
      const toAll = () => nodes.map((node) => ask(assertion, {}, { node }));
      return (await Promise.all(Array.from({ length: 10 }, toAll).flat())).filter(({ status }) => status === 200)
        .length;
    };

    it('however many nodes it is shown to at once', async () => expect(await shownToAll()).toBe(1));

    it('which the table sees to that all nodes share: with one for each node, it is good at each', async () => {
      const shared = PostgresUsedAssertions.prototype.use;
      const seen = new WeakMap<object, Set<string>>();
      PostgresUsedAssertions.prototype.use = async function (clientId, jti) {
        const own = seen.get(this) ?? new Set<string>();
        const first = !own.has(`${clientId} ${jti}`);
        seen.set(this, own.add(`${clientId} ${jti}`));
        return first;
      };
      try {
        expect(await shownToAll()).toBe(3);
      } finally {
        PostgresUsedAssertions.prototype.use = shared;
      }
    });

    it('which is remembered over a restart, until its age alone has it refused', async () => {
      const assertion = await signed({ exp: now() + 60 });
      expect((await ask(assertion)).status).toBe(200);
      const used = new PostgresUsedAssertions(service.dataSource);
      service.clock.advance(89_000);
      await used.forget(service.clock.now());
      expect((await ask(assertion, {}, { node: await service.addNode() })).status).toBe(401);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'replayed' });
      service.clock.advance(1_000);
      expect((await ask(assertion)).status).toBe(401);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'bad_assertion' });
      service.clock.advance(1_000);
      await used.forget(service.clock.now());
      expect(
        await service.dataSource.query('SELECT FROM used_assertion WHERE expires_at < $1', [service.clock.now()]),
      ).toEqual([]);
    });
  });
});

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function rsaPair(): Pair {
  return generateKeyPairSync('rsa', { modulusLength: 2_048 });
}

function ecPair(): Pair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** As a client registers it. */
const publicJwk = ({ publicKey }: Pair) => publicKey.export({ format: 'jwk' }) as Record<string, string>;

const withoutUndefined = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;
