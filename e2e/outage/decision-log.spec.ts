import { decisionEnvelope, tableOf, type Decision, type DecisionEvent } from '@latchkey/contracts';
import { decidedOn, wrongRecord, type DecisionLog } from './decision-log';

const NOW = new Date('2026-04-28T12:00:00Z');
const BOOT = { node: 'n', boot: 'b' };
const SOURCE = 'latchkey/enforcement/n/b';

const decision = (keyId: string, outcome: string): Decision => ({
  timeMs: NOW.getTime(),
  outcome,
  via: 'cache',
  secret: { workspaceId: 'w', keyId, number: 1 },
  scopes: [],
  asset: null,
  action: null,
  method: null,
  path: null,
  ip: null,
  userAgent: null,
  cost: 1,
  caller: null,
});

const batch = (...decisions: Decision[]): DecisionEvent => ({
  type: 'latchkey.decisions.recorded.v1',
  data: { ...BOOT, dropped: 0, decisions: tableOf(decisions, NOW.getTime()) },
});
const stopped = (dropped = 0): DecisionEvent => ({
  type: 'latchkey.node.stopped.v1',
  data: { ...BOOT, dropped, stoppedAt: NOW.toISOString() },
});
const events: readonly DecisionEvent[] = [
  { type: 'latchkey.node.started.v1', data: { ...BOOT, startedAt: NOW.toISOString(), heartbeatMs: 10_000 } },
  batch(decision('k', 'allowed'), decision('k', 'rate_limited'), decision('other', 'allowed')),
  batch(decision('k', 'allowed')),
  stopped(),
];

const message = (event: DecisionEvent, position: number) => ({
  key: 'b',
  value: Buffer.from(JSON.stringify(decisionEnvelope(event, position, NOW))),
});
const published = events.map((event, index) => message(event, index + 1));
const audited = [0, 3, 1, 0].map((decisions, index) => ({ source: SOURCE, position: index + 1, decisions }));
const whole: DecisionLog = { published, audited };
const [start, first, second, stop] = published;

const without = (place: number): DecisionLog => ({
  published: published.filter((_, index) => index !== place),
  audited: audited.filter((_, index) => index !== place),
});

describe('the record of decisions', () => {
  it('is right when each number is there, once or again, in the audit too', () => {
    expect(wrongRecord(whole)).toEqual([]);
    expect(wrongRecord({ ...whole, published: published.flatMap((each) => [each, each]) })).toEqual([]);
    expect(decidedOn('k', { ...whole, published: [...published, ...published] })).toEqual({
      allowed: 2,
      rate_limited: 1,
    });
  });

  it.each([
    ['its beginning is missing', without(0), 'does not begin with its start'],
    ['a batch is missing', without(1), 'number 3 in place 2'],
    ['its end is missing', without(3), 'does not end with its stop'],
    [
      'two are out of order',
      { ...whole, published: [start, second, first, stop].filter((each) => each !== undefined) },
      'number 3 in place 2',
    ],
    ['the audit lacks one', { ...whole, audited: audited.slice(1) }, 'number 1 is not in the audit'],
    [
      'the audit has a batch with fewer decisions',
      { ...whole, audited: audited.map((each) => ({ ...each, decisions: 0 })) },
      'number 2 is not in the audit',
    ],
    [
      'the audit has one more',
      { ...whole, audited: [...audited, { source: SOURCE, position: 5, decisions: 0 }] },
      '5 in the audit, not 4',
    ],
    [
      'the audit has a boot of its own',
      { ...whole, audited: [...audited, { source: 'x', position: 1, decisions: 0 }] },
      'x was not published',
    ],
    ['one number has two contents', { ...whole, published: [...published, message(batch(), 2)] }, 'two contents'],
    [
      'decisions were given up',
      { ...whole, published: [...published.slice(0, 3), message(stopped(7), 4)] },
      'gave up 7 decisions',
    ],
  ])('is wrong when %s', (_, log, complaint) => {
    expect(wrongRecord(log)).toContainEqual(expect.stringContaining(complaint));
  });
});
