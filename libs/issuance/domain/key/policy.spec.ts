import { isAppError } from '@latchkey/kernel';
import { FREE_KEYS, type KeyPolicy } from '@latchkey/contracts';
import { refuseAgainstPolicy } from './policy';

const DAY_MS = 24 * 3_600_000;
const createdAt = new Date('2026-04-28T12:00:00Z');
const after = (days: number) => new Date(createdAt.getTime() + days * DAY_MS);

/** The code of the refusal, and the field that it names. */
function refusalOf(policy: Partial<KeyPolicy>, expiresAt: Date | null): unknown {
  try {
    refuseAgainstPolicy({ ...FREE_KEYS, ...policy }, { createdAt, expiresAt });
    return null;
  } catch (error) {
    return isAppError(error) ? [error.code, error.field] : error;
  }
}

describe('the policy of a workspace', () => {
  it.each<[string, Partial<KeyPolicy>, Date | null, string | null]>([
    ['that demands nothing lets a key live for ever', {}, null, null],
    ['that demands an expiry refuses a key without one', { expiryRequired: true }, null, 'key.expiry_required'],
    ['that demands an expiry takes any', { expiryRequired: true }, after(10_000), null],
    ['with a greatest lifetime takes one as long', { maxLifetimeDays: 90 }, after(90), null],
    ['with a greatest lifetime refuses a longer one', { maxLifetimeDays: 90 }, after(90.001), 'key.lifetime_too_long'],
    ['with a greatest lifetime refuses one without end', { maxLifetimeDays: 90 }, null, 'key.expiry_required'],
  ])('%s', (_, policy, expiresAt, code) => {
    expect(refusalOf(policy, expiresAt)).toEqual(code && [code, 'expires_at']);
  });
});
