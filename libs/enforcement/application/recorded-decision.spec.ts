import type { Decision } from '@latchkey/contracts';
import { newSecret } from '../testing/keys';
import { presentable } from './recorded-decision';

const decision = (changes: Partial<Decision>): Decision => ({
  ...{ timeMs: 0, outcome: 'allowed', via: 'cache', secret: null, scopes: [], asset: null, action: null },
  ...{
    method: 'GET',
    path: '/api/assets',
    ip: '203.0.113.9',
    userAgent: 'curl/8.5.0',
    cost: 1,
    caller: { kind: 'local' },
  },
  ...changes,
});

describe('what is kept of a decision', () => {
  it('holds no key, wherever a call carries one', () => {
    const secret = newSecret();
    const kept = presentable([
      decision({
        scopes: [secret],
        asset: secret,
        action: secret,
        method: secret,
        path: `/x?key=${secret.replace('_', '%5F')}`,
        ip: secret,
        userAgent: secret,
      }),
      // Across the cut, too.
      decision({ path: `/${'x'.repeat(240)}${secret}` }),
    ]);
    expect(JSON.stringify(kept)).not.toContain(secret.slice(9, 20));
  });

  it('is bounded, whatever a call says of itself', () => {
    const long = 'x'.repeat(10_000);
    const scopes = Array.from({ length: 1_000 }, (_, place) => `${place}:${long}`);
    const [kept] = presentable([
      decision({ scopes, asset: long, action: long, method: long, path: long, ip: long, userAgent: long }),
    ]);
    expect(kept?.scopes).toHaveLength(20);
    expect(JSON.stringify(kept).length).toBeLessThan(7_000);
  });
});
