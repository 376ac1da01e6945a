import type { AccessTokenEntry } from '@latchkey/contracts';
import { RecordedTokens } from './access-token-telemetry';

it('what waits to be recorded holds no more of a user agent than will be', () => {
  const waiting: AccessTokenEntry[] = [];
  const tokens = new RecordedTokens(
    { record: (entry) => void waiting.push(entry) },
    { record: () => undefined, unrecorded: () => undefined },
  );
  tokens.record({
    ...{ timeMs: 0, outcome: 'issued', endpoint: 'token', method: 'client_secret_basic', clientId: 'c1' },
    ...{ workspaceId: 'w1', jti: 't1', scopes: [], expiresAtMs: 1, ip: null, userAgent: 'x'.repeat(10_000) },
  });
  expect(waiting.map(({ userAgent }) => userAgent?.length)).toEqual([256]);
});
