import { wrongCheck, type CheckSeen, type Command, type IssuedSecret } from './history';
import {
  brokenOrder,
  lostCommands,
  refusedCommands,
  repeatedCommands,
  wronglyAudited,
  wronglyListed,
  wronglyPublished,
  type Source,
  type StoredEvent,
} from './invariants';

/** A key's life as it should be, from which each test departs in one thing. */
const events: readonly StoredEvent[] = [
  stored(1, 'a', 1, 'created', 'create-1_1'),
  stored(2, 'b', 1, 'created', 'create-2_2'),
  stored(3, 'a', 2, 'updated', 'update-3_1'),
  stored(4, 'a', 3, 'rotated', 'rotate-4_1'),
  stored(5, 'a', 4, 'revoked', 'revoke-5_1'),
];
const commands: readonly Command[] = [
  { id: 'create-1', kind: 'create', keyId: 'a', name: 'create-1', outcome: 'acknowledged' },
  { id: 'create-2', kind: 'create', keyId: 'b', name: 'create-2', outcome: 'acknowledged' },
  { id: 'update-3', kind: 'update', keyId: 'a', name: 'update-3', outcome: 'acknowledged' },
  { id: 'rotate-4', kind: 'rotate', keyId: 'a', outcome: 'acknowledged' },
  { id: 'revoke-5', kind: 'revoke', keyId: 'a', outcome: 'acknowledged' },
];
const listed = [
  { id: 'a', name: 'update-3', status: 'revoked' },
  { id: 'b', name: 'create-2', status: 'active' },
];
const source = sourceOf(events);

function stored(position: number, streamId: string, version: number, what: string, requestId: string): StoredEvent {
  const type = `latchkey.key.${what}.v1`;
  return { position, streamId, version, type, requestId, eventId: `event-${position}`, data: `{"n":${position}}` };
}

function message(event: StoredEvent, changes: object = {}) {
  const { eventId: id, streamId: subject, version: streamversion, requestId: requestid, type } = event;
  const data: unknown = JSON.parse(event.data);
  const envelope = { id, type, subject, streamversion, position: String(event.position), requestid, data, ...changes };
  return { key: subject, value: Buffer.from(JSON.stringify(envelope)) };
}

function sourceOf(all: readonly StoredEvent[], changes: Partial<Source> = {}): Source {
  const published = all.map((event) => message(event));
  const audited = all.map(({ position, eventId }, place) => ({
    position,
    eventId,
    bytes: published[place]?.value ?? Buffer.alloc(0),
  }));
  return { name: 'test', stored: all, waiting: 0, published, audited, ranges: [[1, all.length]], ...changes };
}

const without = (position: number) => events.filter((event) => event.position !== position);

it('finds nothing wrong in a history that is right', () => {
  expect([
    ...lostCommands(commands, source),
    ...repeatedCommands(commands, source),
    ...refusedCommands(commands),
    ...wronglyListed(commands, listed),
    ...brokenOrder(source),
    ...wronglyPublished(source),
    ...wronglyAudited(source),
  ]).toEqual([]);
});

describe('finds commands', () => {
  it('that were acknowledged and are in no stream', () => {
    expect(lostCommands(commands, sourceOf(without(4)))).toEqual([
      'rotate-4 (rotate) was acknowledged and has no event',
    ]);
  });

  it('that were acknowledged and are not in the audit', () => {
    const audited = source.audited.slice(0, -1);
    expect(lostCommands(commands, { ...source, audited })).toEqual([
      'revoke-5 (revoke) was acknowledged and is not in the audit',
    ]);
  });

  it('that were not answered only when they were applied twice', () => {
    const unknown = commands.map((command) => ({ ...command, outcome: 'unknown' as const }));
    expect(lostCommands(unknown, sourceOf([]))).toEqual([]);
    const twice = sourceOf([...events, stored(6, 'c', 1, 'created', 'create-1_2')]);
    expect(repeatedCommands(unknown, twice)).toEqual(['create-1 (create) was applied 2 times']);
  });

  it('that were refused', () => {
    const refused = { id: 'x', kind: 'revoke', keyId: 'a', outcome: 'refused', answer: '404' } as const;
    expect(refusedCommands([refused])).toEqual(['x (revoke) was refused: 404']);
  });
});

describe('finds in the list', () => {
  it('a key that is missing', () => {
    expect(wronglyListed(commands, listed.slice(1))).toEqual(['a was acknowledged and is not in the list']);
  });

  it('a key that is as it was before', () => {
    const before = [{ id: 'a', name: 'create-1', status: 'active' }, ...listed.slice(1)];
    expect(wronglyListed(commands, before)).toEqual(['a has the name create-1, not update-3', 'a is listed as active']);
  });

  it('a key that was revoked by nobody, unless somebody may have', () => {
    const revoked = [...listed.slice(0, 1), { id: 'b', name: 'create-2', status: 'revoked' }];
    expect(wronglyListed(commands, revoked)).toEqual(['b is listed as revoked']);
    const maybe: Command = { id: 'x', kind: 'revoke', keyId: 'b', outcome: 'unknown' };
    expect(wronglyListed([...commands, maybe], revoked)).toEqual([]);
  });
});

describe('finds in the order', () => {
  it('a gap, and a repetition, of positions', () => {
    expect(brokenOrder(sourceOf(without(2)))).toContain('test: position 3 in place 2');
    expect(brokenOrder(sourceOf([...events.slice(0, 2), ...events.slice(1)]))).toContain('test: position 2 in place 3');
  });

  it('a version that is missing, or comes before the one before it', () => {
    const [first, second, third, fourth, fifth] = events as [
      StoredEvent,
      StoredEvent,
      StoredEvent,
      StoredEvent,
      StoredEvent,
    ];
    const swapped = [first, second, { ...fourth, position: 3 }, { ...third, position: 4 }, fifth];
    expect(brokenOrder(sourceOf(swapped))).toContain('test: version 3 of a follows 1');
  });

  it('an event that never got a position', () => {
    expect(brokenOrder({ ...source, waiting: 1 })).toEqual(['test: 1 events wait for a position']);
  });
});

describe('finds in Kafka', () => {
  const published = source.published;

  it('an event that is missing', () => {
    expect(wronglyPublished({ ...source, published: published.slice(0, -1) })).toEqual([
      'test: position 5 was not published',
    ]);
  });

  it('an event before the one before it', () => {
    const [first, second, third, fourth, fifth] = published;
    const swapped = [first, second, fourth, third, fifth].filter((each) => each !== undefined);
    expect(wronglyPublished({ ...source, published: swapped })).toContain('test: version 3 of a was published after 1');
  });

  it('two events at one position', () => {
    const other = message(events[0] as StoredEvent, { id: 'another' });
    expect(wronglyPublished({ ...source, published: [...published, other] })).toEqual([
      'test: position 1 was published with two contents',
    ]);
  });

  it('an event that is not as it is stored, and one under the wrong key', () => {
    const changed = [message(events[0] as StoredEvent, { data: { n: 9 } }), ...published.slice(1)];
    expect(wronglyPublished({ ...source, published: changed })).toEqual(['test: position 1 is not what is stored']);
    const elsewhere = [...published.slice(0, -1), { ...message(events[4] as StoredEvent), key: 'b' }];
    expect(wronglyPublished({ ...source, published: elsewhere })).toContain('test: position 5 is not what is stored');
  });

  it('nothing wrong in a batch that came twice', () => {
    expect(wronglyPublished({ ...source, published: [...published, ...published.slice(2)] })).toEqual([]);
  });
});

describe('finds in the audit', () => {
  it('an event that is missing, and the gap', () => {
    const audited = source.audited.filter(({ position }) => position !== 3);
    expect(
      wronglyAudited({
        ...source,
        audited,
        ranges: [
          [1, 2],
          [4, 5],
        ],
      }),
    ).toEqual(['test: position 3 is not in the audit', "test: the audit's ranges are [[1,2],[4,5]] for 5 positions"]);
  });

  it('a copy that differs in one byte', () => {
    const audited = source.audited.map((event) =>
      event.position === 2 ? { ...event, bytes: Buffer.from(`${event.bytes.toString()} `) } : event,
    );
    expect(wronglyAudited({ ...source, audited })).toEqual(["test: the audit's copy of position 2 differs"]);
  });

  it('an event that nobody published, and one that is there twice', () => {
    expect(wronglyAudited({ ...source, published: source.published.slice(0, -1), ranges: [[1, 4]] })).toEqual([
      'test: the audit has position 5, which was not published',
    ]);
    expect(wronglyAudited({ ...source, audited: [...source.audited, ...source.audited.slice(0, 1)] })).toEqual([
      'test: the audit has a position twice',
    ]);
  });
});

describe('finds in a check', () => {
  const secret: IssuedSecret = { secret: 's', keyId: 'a', endSentAt: 100, endedAt: 200 };
  const check = (startedAt: number, answeredAt: number, reason: string | null = null): CheckSeen => ({
    node: 'node',
    startedAt,
    answeredAt,
    allowed: reason === null,
    reason,
  });

  it.each([
    ['an ended secret that passes', check(201, 210), 'node accepted a secret of a 1 ms after its end was acknowledged'],
    [
      'an ended secret that passes much later',
      check(5_200, 5_210),
      'node accepted a secret of a 5000 ms after its end was acknowledged',
    ],
    ['a live secret that is refused', check(10, 20, 'revoked'), 'node refused a live secret of a: revoked'],
    ['a live secret that is not known', check(10, 20, 'unknown'), 'node refused a live secret of a: unknown'],
  ])('%s', (_what, seen, expected) => expect(wrongCheck(secret, seen)).toBe(expected));

  it.each([
    ['a live secret that passes', check(10, 20)],
    ['either answer while its end is under way', check(110, 120)],
    ['either answer while its end is under way', check(90, 120, 'revoked')],
    ['an accept that began before the end was acknowledged', check(199, 300)],
    ['an ended secret that is refused', check(201, 210, 'revoked')],
    ['a node that cannot say', check(10, 20, 'unavailable')],
  ])('nothing wrong in %s', (_what, seen) => expect(wrongCheck(secret, seen)).toBeNull());
});
