import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { DecisionsRecorded } from './decision-events';
import {
  decisionsIn,
  decisionTable,
  tableOf,
  type DecidedCaller,
  type DecidedSecret,
  type Decision,
} from './decision-table';

const name = fc.string({ maxLength: 8 });
const secret: fc.Arbitrary<DecidedSecret> = fc.oneof(
  fc.record({ workspaceId: name, keyId: name, number: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ workspaceId: name, sessionId: name, number: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ workspaceId: name, clientId: name, jti: name }),
);
const caller: fc.Arbitrary<DecidedCaller> = fc.oneof(
  fc.record({ kind: fc.constant('token' as const), secret }),
  fc.record({ kind: fc.constant('certificate' as const), name }),
  fc.record({ kind: fc.constantFrom('local' as const, 'refused' as const) }),
);
const decision: fc.Arbitrary<Decision> = fc.record({
  timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  outcome: fc.constantFrom('allowed', 'revoked', 'unknown'),
  via: fc.constantFrom('cache', 'owner', 'memory'),
  secret: fc.option(secret),
  scopes: fc.array(name, { maxLength: 3 }),
  asset: fc.option(name),
  action: fc.option(name),
  method: fc.option(name),
  path: fc.option(name),
  ip: fc.option(name),
  userAgent: fc.option(name),
  cost: fc.integer({ min: 0, max: 1_000 }),
  caller: fc.option(caller),
});

describe('a table of decisions', () => {
  it('gives back exactly the decisions that went in, in their order, as JSON too', () => {
    fc.assert(
      fc.property(fc.array(decision, { maxLength: 30 }), (decisions) => {
        const travelled: unknown = JSON.parse(JSON.stringify(tableOf(decisions, 0)));
        expect(decisionsIn(decisionTable.parse(travelled))).toEqual(decisions);
      }),
    );
  });

  it('needs less than 60 bytes for a decision of everyday traffic', () => {
    const decisions = Array.from({ length: 2_000 }, (_, call): Decision => ({
      timeMs: 1_777_377_600_000 + Math.floor(call / 2),
      outcome: call % 20 === 0 ? 'scope_missing' : 'allowed',
      via: 'cache',
      secret: {
        workspaceId: `01900000-0000-7000-8000-00000000000${call % 7}`,
        keyId: `01900000-0000-7000-8000-0000000000${10 + (call % 80)}`,
        number: 1,
      },
      scopes: ['assets:read'],
      asset: null,
      action: null,
      method: 'GET',
      path: `/api/assets/${call % 500}`,
      ip: `203.0.113.${call % 200}`,
      userAgent: `python-requests/2.3${call % 7}.0`,
      cost: 1,
      caller: { kind: 'certificate', name: 'assets-api' },
    }));
    expect(JSON.stringify(tableOf(decisions, 0)).length / decisions.length).toBeLessThan(60);
  });

  it.each<[string, Partial<ReturnType<typeof tableOf>>]>([
    ['an outcome', { outcomes: [] }],
    ['a secret', { secrets: [] }],
    ['a workspace', { workspaces: [] }],
    ['a call', { calls: [] }],
    ['a target', { targets: [] }],
    ['an address', { ips: [] }],
    ['a caller', { callers: [] }],
    ['a program', { agents: [] }],
  ])('is refused when a row names %s that is not in it', (_, change) => {
    const golden = path.join(__dirname, 'golden/latchkey.decisions.recorded.v1.agents.json');
    const { data } = JSON.parse(readFileSync(golden, 'utf8')) as DecisionsRecorded;
    expect(decisionTable.safeParse(data.decisions).success).toBe(true);
    expect(decisionTable.safeParse({ ...data.decisions, ...change }).success).toBe(false);
  });
});
