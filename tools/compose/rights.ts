import { PUBLISHED_TOPICS, SUBJECT_OWNERS, TOPICS, type SubjectOwner, type Topic } from '@latchkey/contracts';

/** What a service may do at what it shares with others: whoever takes one over shall not have the others'. */
export interface Rights {
  /** The schema of Postgres that it owns. It has a role of its own, and sees no other schema. */
  readonly schema?: string;
  /** What it may do with keys of Redis. Any key may be named to its scripts, whose commands then need these rights. */
  readonly liveState?: readonly KeyRights[];
  /** Topics of Kafka that it writes. */
  readonly writes?: readonly Topic[];
  /** Topics of Kafka that it reads, by the group that reads them. */
  readonly reads?: Readonly<Record<string, readonly Topic[]>>;
}

export interface KeyRights {
  /** Patterns. `{p*}`: of every shard. */
  readonly keys: readonly string[];
  readonly commands: readonly string[];
}

const fenceOf = (owner: SubjectOwner) => `{p*}:fence:${owner}`;
const entriesOf = (owner: SubjectOwner) =>
  Object.entries(SUBJECT_OWNERS).flatMap(([kind, each]) => (each === owner ? [`{p*}:${kind}:*`] : []));

/** An owner says how long its entries count, and puts markers in their place. */
const owning = (owner: SubjectOwner): readonly KeyRights[] => [
  { keys: [fenceOf(owner)], commands: ['get', 'set'] },
  { keys: entriesOf(owner), commands: ['getrange', 'set'] },
];

/** A check reads, fills in what an owner has answered, and counts. It cannot make an entry count for longer than its owner says. */
const checking: readonly KeyRights[] = [
  { keys: [fenceOf('identity'), fenceOf('issuance')], commands: ['get'] },
  { keys: [...entriesOf('identity'), ...entriesOf('issuance')], commands: ['get', 'getrange', 'set'] },
  { keys: ['{p*}:window:*'], commands: ['get', 'getrange', 'set', 'setrange', 'pexpire'] },
];

export type RightsTable = Readonly<Record<string, Rights>>;

/** By the names of services. A service that is not here shares nothing with the others. */
export const rights: RightsTable = {
  identity: { schema: 'identity', liveState: owning('identity'), writes: [TOPICS.identity, TOPICS.signIns] },
  issuance: {
    schema: 'issuance',
    liveState: owning('issuance'),
    writes: [TOPICS.keys],
    reads: { 'issuance-last-used': [TOPICS.decisions] },
  },
  enforcement: { liveState: checking, writes: [TOPICS.decisions] },
  audit: { schema: 'audit', reads: { audit: PUBLISHED_TOPICS } },
};

/** By users. Letters and digits, so that no file quotes them. */
export type Passwords = Readonly<Record<string, string>>;

/** Who has all rights at Redis and Kafka. No service is given its password. */
export const OPERATOR = 'operator';
