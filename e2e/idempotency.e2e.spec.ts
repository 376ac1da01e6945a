import { randomUUID } from 'node:crypto';
import type { Answer } from './harness/http';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

interface Key {
  readonly id: string;
  readonly key: string;
  readonly secrets: readonly { readonly id: string; readonly grace_until: string | null }[];
}

const CREATE = { name: 'SOAR Integration Key', scopes: ['alerts:read', 'assets:read'] };
const KEYS = '/api/v1/api-keys';

describe.each(WAYS_OF_RUNNING)('C31 Idempotency-Key on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 'zshield' }));
  }, 120_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const post = (path: string, body: object, idempotencyKey: string) =>
    tester.asAdmin('POST', path, body, { 'idempotency-key': idempotencyKey });
  const create = (idempotencyKey: string, body: object = CREATE) => post(KEYS, body, idempotencyKey);
  const created = async () => (await create(randomUUID())).json<Key>();
  const rotate = ({ id }: Key, idempotencyKey: string) =>
    post(`${KEYS}/${id}/rotate`, { grace_period_hours: 48 }, idempotencyKey);
  const problem = (answer: Answer) => {
    const { code, key_id } = answer.json<{ code?: string; key_id?: string }>();
    return [answer.status, code, key_id];
  };
  const alreadyIssued = (id: string) => [409, 'key.secret_already_issued', id];
  const keysNamed = async (name: string) => {
    const { items } = (await tester.asAdmin('GET', `${KEYS}?limit=200`)).json<{ items: { name: string }[] }>();
    return items.filter((item) => item.name === name);
  };

  it('C31 a creation that is repeated answers 409 with the id of the key that there is, on either surface', async () => {
    const sent = randomUUID();
    const first = await create(sent);
    expect(first.status).toBe(201);
    const { id, key } = first.json<Key>();
    const repeated = await create(`"${sent}"`);
    expect(problem(repeated)).toEqual(alreadyIssued(id));
    expect(repeated.headers['content-type']).toContain('application/problem+json');
    expect(repeated.text).not.toContain(key);

    const s4e = await post('/api/keys', CREATE, sent);
    expect([s4e.status, s4e.json()]).toMatchObject([
      409,
      { status: 'error', error: { code: 'secret_already_issued', key_id: expect.stringMatching(/^key-/) as string } },
    ]);
  });

  it('C31 the same Idempotency-Key for another body, or another operation, is a 422', async () => {
    const sent = randomUUID();
    const key = (await create(sent)).json<Key>();
    for (const answer of [await create(sent, { ...CREATE, name: 'other' }), await rotate(key, sent)])
      expect(problem(answer)).toEqual([422, 'request.idempotency_key_reused', undefined]);
  });

  it('C31 of a creation that is sent many times at once one makes a key', async () => {
    const body = { ...CREATE, name: randomUUID() };
    const sent = randomUUID();
    const answers = await Promise.all(Array.from({ length: 30 }, () => create(sent, body)));
    const made = answers.filter(({ status }) => status === 201).map((answer) => answer.json<Key>());
    expect(made).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 201).map(problem);
    expect(others).toEqual(others.map(() => alreadyIssued(made[0]?.id ?? '')));
    expect(await keysNamed(body.name)).toHaveLength(1);
  });

  it('C31 a creation that was refused may be corrected and sent again', async () => {
    const sent = randomUUID();
    expect((await create(sent, { ...CREATE, scopes: ['alerts:red'] })).status).toBe(400);
    expect((await create(sent)).status).toBe(201);
  });

  it('C31 a rotation whose answer was lost: rotating again keeps the first secret until its end', async () => {
    const old = await created();
    const sent = randomUUID();
    const lost = (await rotate(old, sent)).json<Key>();
    expect(problem(await rotate(old, sent))).toEqual(alreadyIssued(old.id));

    const again = (await rotate(old, randomUUID())).json<Key>();
    expect(again.secrets).toMatchObject([
      { id: `${old.id}.1`, grace_until: lost.secrets[0]?.grace_until },
      { id: `${old.id}.3`, grace_until: null },
    ]);
    expect(await tester.checks(old.key)).toEqual(tester.everywhere('200'));
    expect(await tester.checks(lost.key)).toEqual(tester.everywhere('401 revoked'));
    expect(await tester.checks(again.key)).toEqual(tester.everywhere('200'));
  });

  it('C31 a creation whose answer was lost: rotating the key gives a secret, and nobody can use the lost one', async () => {
    const sent = randomUUID();
    const lost = (await create(sent)).json<Key>();
    expect(await tester.checks(lost.key)).toEqual(tester.everywhere('200'));
    await create(sent);
    const rotated = (await rotate(lost, randomUUID())).json<Key>();
    expect(await tester.checks(lost.key)).toEqual(tester.everywhere('401 revoked'));
    expect(await tester.checks(rotated.key)).toEqual(tester.everywhere('200'));
  });
});
