import { formatKey, profileByName, type Profile } from '@latchkey/access';
import { Secret } from '@latchkey/kernel';
import { randomBytes } from 'node:crypto';
import { issuanceService, type IssuanceService } from '../testing/issuance-service';

const profile = profileByName('s4e') as Profile;

describe('the first admin key', () => {
  let issuance: IssuanceService;
  /** As on an installation that has none. */
  const forget = () =>
    issuance.dataSource.query(`DELETE FROM claims WHERE scope = 'installation'; DELETE FROM credential_digest`);
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  it('may do everything in its workspace, has the plan unlimited, and is its owner’s (C23)', async () => {
    const { id } = (await issuance.call('GET', '/api/v1/me')).body;
    expect((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body).toMatchObject({
      name: 'First admin key',
      scopes: ['admin'],
      plan: 'unlimited',
      assets: 'all',
      allowed_ips: [],
      expires_at: null,
      created_by: issuance.identity.first.ownerId,
    });
  });

  it('is made once, however many instances start at once, and shown to the one that made it', async () => {
    await forget();
    const kept: string[] = [];
    const keep = async (secret: Secret) => void kept.push(secret.reveal());
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => issuance.ensureFirstKey.execute({ keep })));
    const shown = outcomes.flatMap((outcome) => (outcome.kind === 'made' ? [outcome.secret.reveal()] : []));
    expect(shown).toHaveLength(1);
    expect(kept).toEqual(shown);
    expect(await issuance.check(shown[0] ?? '', ['admin'])).toBe(200);
    expect(await issuance.ensureFirstKey.execute({ keep })).toEqual({ kind: 'exists' });
  });

  it('is not made if it cannot be kept: the next start makes one', async () => {
    await forget();
    const full = new Error('no space left on the device');
    let lost = '';
    const keep = (secret: Secret) => {
      lost = secret.reveal();
      return Promise.reject(full);
    };
    await expect(issuance.ensureFirstKey.execute({ keep })).rejects.toBe(full);
    expect(await issuance.check(lost)).toBe(401);
    expect(await issuance.ensureFirstKey.execute()).toMatchObject({ kind: 'made' });
  });

  it('is LATCHKEY_ADMIN_KEY, where that is given', async () => {
    await forget();
    const adminKey = formatKey(profile, 'live', randomBytes);
    await issuance.ensureFirstKey.execute({ adminKey });
    expect(await issuance.check(adminKey.reveal(), ['admin'])).toBe(200);
    expect(await issuance.ensureFirstKey.execute({ adminKey })).toEqual({ kind: 'exists' });
  });

  it('is never replaced: a LATCHKEY_ADMIN_KEY that comes later, or whose secret has ended, is told to have no effect', async () => {
    await forget();
    const adminKey = formatKey(profile, 'live', randomBytes);
    await issuance.ensureFirstKey.execute({ adminKey });
    const later = formatKey(profile, 'live', randomBytes);
    expect(await issuance.ensureFirstKey.execute({ adminKey: later })).toEqual({
      kind: 'admin_key_without_effect',
      cause: 'unknown',
    });
    expect(await issuance.check(later.reveal())).toBe(401);
    const key = adminKey.reveal();
    const { id } = (await issuance.call('GET', '/api/v1/me', { key })).body;
    await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { key, body: { grace_period_hours: 0 } });
    expect(await issuance.ensureFirstKey.execute({ adminKey })).toEqual({
      kind: 'admin_key_without_effect',
      cause: 'ended',
    });
    expect(await issuance.check(key)).toBe(401);
  });

  it.each([
    ['no key', () => new Secret('hunter2')],
    ['a key with a typo', () => new Secret(`${formatKey(profile, 'live', randomBytes).reveal().slice(0, -1)}-`)],
    ['a key of another profile', () => formatKey(profileByName('zshield') as Profile, 'live', randomBytes)],
  ])('refuses %s as LATCHKEY_ADMIN_KEY, by the name of the variable and without its value', async (_what, make) => {
    const adminKey = make();
    const refusal = await issuance.ensureFirstKey.execute({ adminKey }).catch((error: unknown) => String(error));
    expect(refusal).toContain('LATCHKEY_ADMIN_KEY');
    expect(refusal).not.toContain(adminKey.reveal());
  });
});
