import type { AccessTokenEntry, Principal, SubjectBody } from '@latchkey/contracts';
import { decodeJwt } from 'jose';
import { randomUUID } from 'node:crypto';
import { REVOKED_TOKENS_MAX } from './domain/client/decide';
import { TokenService, USER, WORKSPACE, type TestClient } from './testing/token-service';

const HOUR_MS = 3_600_000;

describe('introspection and revocation on a database', () => {
  let service: TokenService;
  let client: TestClient;
  beforeAll(async () => {
    service = await TokenService.start();
    client = await service.register();
  });
  afterAll(() => service?.stop());
  beforeEach(() => {
    service.recorded.length = 0;
    service.settled.length = 0;
  });

  const shown = ({ id, secret }: TestClient) => ({ client_id: id, client_secret: secret });
  const ask = (path: string, token: string, as = client, more = {}) =>
    service.post(`/oauth/${path}`, { ...shown(as), token, ...more });

  /** A token that enforcement lets pass, and its id. */
  async function goodToken(of = client): Promise<{ token: string; jti: string }> {
    const { access_token: token } = (await service.token(of)).body as { access_token: string };
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
    service.check.answer(token, principalOf(of, jti));
    service.recorded.length = 0;
    return { token, jti };
  }
  const principalOf = ({ id }: TestClient, jti: string): Principal => ({
    ...{ kind: 'client', id, secret_id: jti, workspace_id: WORKSPACE, user_id: USER, name: 'Nightly report' },
    ...{ scopes: ['read:assets', 'write:scans'], assets: 'all' },
  });
  async function bodyOf(id: string) {
    const [row] = await service.dataSource.query<{ body: Extract<SubjectBody, { kind: 'client' }> }[]>(
      "SELECT body FROM subject_state WHERE kind = 'client' AND id = $1",
      [id],
    );
    return row?.body;
  }
  const revokedOf = async ({ id }: TestClient) => (await bodyOf(id))?.revokedTokens.map(({ jti }) => jti) ?? [];
  const eventsOf = async ({ id }: TestClient) =>
    service.dataSource.query<{ type: string; payload: string }[]>(
      "SELECT type, convert_from(data, 'UTF8') AS payload FROM events WHERE stream_id LIKE '%' || $1",
      [id],
    );

  it('a token is described as it was issued', async () => {
    const { token, jti } = await goodToken();
    const { status, body } = await ask('introspect', token);
    const scope = 'assets:read scans:write';
    expect([status, body]).toEqual([200, expect.objectContaining({ active: true, jti, scope, client_id: client.id })]);
  });

  it('a revoked token stands in its client, and that is settled, before the answer; once, however often it is revoked', async () => {
    const { token, jti } = await goodToken();
    for (let time = 0; time < 2; time += 1) expect((await ask('revoke', token)).status).toBe(200);
    expect(await revokedOf(client)).toContain(jti);
    expect(service.settled).toMatchObject([{ id: client.id }, { id: client.id }]);
    const events = (await eventsOf(client)).filter(({ type }) => type === 'latchkey.access_token.revoked.v1');
    expect(events.filter(({ payload }) => payload.includes(jti))).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it("another client's token is not revoked, and none while nobody can say what it is", async () => {
    const other = await service.register();
    const { token, jti } = await goodToken();
    expect(await ask('revoke', token, other)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
    service.check.answer(token, 'unavailable');
    expect(await ask('revoke', token)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect([...(await revokedOf(client)), ...(await revokedOf(other))]).not.toContain(jti);
  });

  it("a client's tokens are no other client's business, unless it may ask for checks", async () => {
    const { token } = await goodToken();
    const other = await service.register();
    expect((await ask('introspect', token, other)).body).toEqual({ active: false });
    const gateway = await service.register({ scopes: ['enforcement:check'] });
    expect((await ask('introspect', token, gateway)).body).toMatchObject({ active: true });
  });

  it.each([
    ['introspect', 'introspection'],
    ['revoke', 'revocation'],
  ])(
    'who is refused at /oauth/%s is in the record, with the true reason and nothing that was sent',
    async (path, endpoint) => {
      const { token } = await goodToken();
      const suspended = await service.register();
      await service.change(suspended.id, {
        type: 'latchkey.client.suspended.v1',
        data: { suspendedAt: service.clock.now().toISOString(), by: 'test' },
      } as never);
      expect((await ask(path, token, suspended)).status).toBe(401);
      expect((await ask(path, token, { ...client, secret: `${client.secret}x` })).status).toBe(401);
      const common = { endpoint, method: 'client_secret_post', jti: null, ip: '203.0.113.9' };
      expect(service.recorded).toMatchObject<Partial<AccessTokenEntry>[]>([
        { ...common, outcome: 'suspended', clientId: suspended.id, workspaceId: WORKSPACE },
        { ...common, outcome: 'unknown', clientId: null, workspaceId: null },
      ]);
      for (const secret of [token, client.secret, suspended.secret])
        expect(JSON.stringify([service.recorded, service.log])).not.toContain(secret);
    },
  );

  describe(`of ${REVOKED_TOKENS_MAX} tokens that were revoked one by one and have not expired`, () => {
    const generationOf = async ({ id }: TestClient) => (await bodyOf(id))?.tokenGeneration;
    /** So many of the client's, revoked elsewhere. */
    const revokedElsewhere = (of: TestClient, count: number, expiresInMs: number) =>
      service.change(
        of.id,
        ...Array.from({ length: count }, () => ({
          type: 'latchkey.access_token.revoked.v1' as const,
          data: {
            ...{ jti: randomUUID(), revokedAt: service.clock.now().toISOString() },
            expiresAt: new Date(service.clock.now().getTime() + expiresInMs).toISOString(),
          },
        })),
      );

    it('each is known; the next one ends every token that the client has instead, and it asks for new ones', async () => {
      const busy = await service.register();
      await revokedElsewhere(busy, REVOKED_TOKENS_MAX - 1, HOUR_MS);
      const [last, beyond, bystander] = [await goodToken(busy), await goodToken(busy), await goodToken(busy)];
      await ask('revoke', last.token, busy);
      expect([(await revokedOf(busy)).length, await generationOf(busy)]).toEqual([REVOKED_TOKENS_MAX, 1]);
      // All of it is read with every change of the client, by every node.
      expect(JSON.stringify(await bodyOf(busy.id)).length).toBeLessThan(100_000);

      service.settled.length = 0;
      expect((await ask('revoke', beyond.token, busy)).status).toBe(200);
      expect([await revokedOf(busy), await generationOf(busy)]).toEqual([[], 2]);
      expect(service.settled).toMatchObject([{ id: busy.id }]);
      const generations = [bystander.token, (await goodToken(busy)).token].map((token) => decodeJwt(token)['gen']);
      expect(generations).toEqual([1, 2]);
    });

    it('those leave that have expired, with room for others', async () => {
      const patient = await service.register();
      await revokedElsewhere(patient, REVOKED_TOKENS_MAX - 1, HOUR_MS / 4);
      await revokedElsewhere(patient, 1, 2 * HOUR_MS);
      service.clock.advance(HOUR_MS / 2);
      const { token, jti } = await goodToken(patient);
      expect((await ask('revoke', token, patient)).status).toBe(200);
      expect(await revokedOf(patient)).toEqual([expect.any(String), jti]);
      expect(await generationOf(patient)).toBe(1);
    });
  });
});
