import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { UserSubject } from '@latchkey/contracts';
import { userId } from '@latchkey/kernel';
import { Random } from '@latchkey/testing';
import type { RedisLiveAccess } from '../redis/redis-live-access';
import type { Safeguards } from '../safeguards';
import { FAULTS, FaultWorld, type Fault } from './fault-world';
import type { SubjectChange } from '../subject-changes';
import { clientBody, keyBody, sessionBody, signingKeyBody, userBody } from './bodies';
import { queryFor, sessionQueryFor, tokenQueryFor } from './query';

export interface FaultRunOptions {
  /** The run ends when it has had all three. */
  readonly accepts: number;
  readonly acceptsFromCache: number;
  readonly faults: number;
  /** Milliseconds; short, so that many faults fit in little time. */
  readonly leaseMs: number;
  readonly seed: number;
  readonly safeguards?: Safeguards;
  /** Ends it with the first violation. */
  readonly untilViolation?: boolean;
  readonly timeoutMs: number;
}

export interface FaultReport {
  readonly seed: number;
  readonly seconds: number;
  readonly checks: number;
  readonly accepts: number;
  readonly acceptsFromCache: number;
  readonly unavailable: number;
  /** Keys, sessions and clients whose end, or whose user's, was acknowledged; of them those that had passed before. */
  readonly keysRevoked: number;
  readonly keysAcceptedBefore: number;
  readonly faults: Readonly<Record<Fault, number>>;
  /** Accepts of checks that began after the acknowledgement. */
  readonly violations: readonly { readonly via: string; readonly afterAckMs: number }[];
}

const REVOKERS = 6;
const KEYS_AT_ONCE = 4;
const ACCEPTS_BEFORE_REVOKE = 100;
/** Of a node, on keys that are good, and on keys whose revoke was acknowledged. */
const GOOD_AT_ONCE = 120;
const REVOKED_AT_ONCE = 40;

const KINDS = ['key', 'session', 'client'] as const;

/** Or a session, or a client with a signing key for its tokens: what is said of keys holds for all. */
interface Key {
  readonly kind: (typeof KINDS)[number];
  readonly id: string;
  accepts: number;
  ackedAt: number | null;
}

/** Keys, sessions and clients come, are used on all nodes, and are ended, while one fault follows another. */
export async function faultRun(options: FaultRunOptions): Promise<FaultReport> {
  const random = new Random(options.seed);
  const world = await FaultWorld.open(options.leaseMs, random, options.safeguards);
  const run = new Run(world, random, options);
  try {
    return await run.toItsEnd();
  } finally {
    await world.close();
  }
}

class Run {
  readonly #began = performance.now();
  readonly #keys = new Set<Key>();
  readonly #faults: Record<Fault, number> = { flush: 0, kill: 0, pause: 0, 'cut off an owner': 0, 'fail over': 0 };
  readonly #violations: { via: string; afterAckMs: number }[] = [];
  readonly #counts = {
    checks: 0,
    accepts: 0,
    acceptsFromCache: 0,
    unavailable: 0,
    keysRevoked: 0,
    keysAcceptedBefore: 0,
  };

  constructor(
    private readonly world: FaultWorld,
    private readonly random: Random,
    private readonly options: FaultRunOptions,
  ) {}

  async toItsEnd(): Promise<FaultReport> {
    const revokers = Array.from({ length: REVOKERS }, () => this.#revoke());
    const checkers = this.world.nodes.map((node) => this.#check(node));
    await Promise.all([this.#breakThings(), ...revokers, ...checkers]);
    const seconds = Math.round((performance.now() - this.#began) / 100) / 10;
    return { seed: this.options.seed, seconds, ...this.#counts, faults: this.#faults, violations: this.#violations };
  }

  #over(): boolean {
    const { accepts, acceptsFromCache, faults, timeoutMs, untilViolation = false } = this.options;
    if (performance.now() - this.#began > timeoutMs) return true;
    if (untilViolation && this.#violations.length > 0) return true;
    const enough = this.#counts.accepts >= accepts && this.#counts.acceptsFromCache >= acceptsFromCache;
    return enough && this.#faultsSoFar() >= faults;
  }

  #faultsSoFar(): number {
    return Object.values(this.#faults).reduce((sum, count) => sum + count, 0);
  }

  async #revoke(): Promise<void> {
    const { leaseMs } = this.options;
    while (!this.#over()) {
      const user = randomUUID();
      const kind = this.random.pick(KINDS);
      const keys = Array.from({ length: KEYS_AT_ONCE }, (): Key => {
        return { kind, id: randomUUID(), accepts: 0, ackedAt: null };
      });
      const granted = keys.flatMap((each) => grants(each, user));
      await this.world.write({ kind: 'user', id: user, body: userBody() }, ...granted);
      for (const each of keys) this.#keys.add(each);
      const enough = performance.now() + 4 * leaseMs;
      while (performance.now() < enough && keys.some(({ accepts }) => accepts < ACCEPTS_BEFORE_REVOKE)) await pause(5);
      const settle = this.random.chance(0.3)
        ? await this.world.write({ kind: 'user', id: user, body: this.#withoutRights(kind) })
        : await this.world.write(...keys.map((each) => this.#end(each, user)));
      await settle();
      for (const each of keys) this.#acknowledged(each);
      // Revoked keys stay in use: the longer, the later a stale entry may come back.
      setTimeout(() => keys.forEach((each) => this.#keys.delete(each)), this.random.between(0.2, 8) * leaseMs).unref();
    }
  }

  /** One change that ends all keys or sessions of a user. */
  #withoutRights(kind: Key['kind']): UserSubject {
    return userBody(kind === 'session' && this.random.chance(0.5) ? { sessionGeneration: 1 } : { status: 'suspended' });
  }

  #end({ kind, id }: Key, user: string): SubjectChange {
    const of = { userId: userId(user) };
    switch (kind) {
      case 'key':
        return { kind, id, body: keyBody({ ...of, status: 'revoked' }) };
      case 'session':
        return { kind, id, body: sessionBody({ ...of, status: 'ended' }) };
      case 'client':
        return this.random.chance(0.5)
          ? { kind, id, body: clientBody({ ...of, tokenGeneration: 2 }) }
          : { kind: 'signing_key', id, body: signingKeyBody('revoked') };
    }
  }

  #acknowledged(key: Key): void {
    key.ackedAt = performance.now();
    this.#counts.keysRevoked++;
    if (key.accepts > 0) this.#counts.keysAcceptedBefore++;
  }

  async #check(node: RedisLiveAccess): Promise<void> {
    while (!this.#over()) {
      const keys = [...this.#keys];
      const good = this.#some(
        GOOD_AT_ONCE,
        keys.filter(({ ackedAt }) => ackedAt === null),
      );
      const revoked = this.#some(
        REVOKED_AT_ONCE,
        keys.filter(({ ackedAt }) => ackedAt !== null),
      );
      await Promise.all([...good, ...revoked].map((key) => this.#checkOne(node, key)));
      await pause(1);
    }
  }

  #some(count: number, keys: readonly Key[]): Key[] {
    return keys.length === 0 ? [] : Array.from({ length: count }, () => this.random.pick(keys));
  }

  async #checkOne(node: RedisLiveAccess, key: Key): Promise<void> {
    const { ackedAt } = key;
    const outcome = await node.decide(QUERIES[key.kind](key.id));
    this.#counts.checks++;
    if (outcome.kind === 'unavailable') this.#counts.unavailable++;
    if (outcome.kind !== 'allowed') return;
    key.accepts++;
    this.#counts.accepts++;
    if (outcome.via === 'cache') this.#counts.acceptsFromCache++;
    if (ackedAt !== null) this.#violations.push({ via: outcome.via, afterAckMs: performance.now() - ackedAt });
  }

  async #breakThings(): Promise<void> {
    const { leaseMs } = this.options;
    await pause(2 * leaseMs);
    for (let next = 0; !this.#over(); next++) {
      const fault = FAULTS[next % FAULTS.length] ?? 'flush';
      await this.world.suffer(fault);
      this.#faults[fault]++;
      if (this.random.chance(0.8)) await this.#recovered();
      await pause(this.random.between(0, 2) * leaseMs);
    }
  }

  /** Caches are in use again: faults that follow would find nothing to spoil before. */
  async #recovered(): Promise<void> {
    const { acceptsFromCache } = this.#counts;
    const deadline = performance.now() + 10 * this.options.leaseMs;
    while (this.#counts.acceptsFromCache < acceptsFromCache + 500 && performance.now() < deadline) await pause(10);
  }
}

const QUERIES = { key: queryFor, session: sessionQueryFor, client: tokenQueryFor };

function grants({ kind, id }: Key, user: string): readonly SubjectChange[] {
  const of = { userId: userId(user) };
  switch (kind) {
    case 'key':
      return [{ kind, id, body: keyBody(of) }];
    case 'session':
      return [{ kind, id, body: sessionBody(of) }];
    case 'client':
      return [
        { kind, id, body: clientBody(of) },
        { kind: 'signing_key', id, body: signingKeyBody() },
      ];
  }
}

/** Zero violations, and that the run was what it says: everybody made progress, and what was revoked had been accepted before. */
export function expectRevocationHeld(
  report: FaultReport,
  aims: Pick<FaultRunOptions, 'accepts' | 'acceptsFromCache' | 'faults'>,
): void {
  expect({ seed: report.seed, violations: report.violations }).toEqual({ seed: report.seed, violations: [] });
  expect(report.accepts).toBeGreaterThanOrEqual(aims.accepts);
  expect(report.acceptsFromCache).toBeGreaterThanOrEqual(aims.acceptsFromCache);
  for (const fault of FAULTS)
    expect(report.faults[fault]).toBeGreaterThanOrEqual(Math.floor(aims.faults / FAULTS.length));
  expect(report.keysRevoked).toBeGreaterThanOrEqual(10 * aims.faults);
  expect(report.keysAcceptedBefore).toBeGreaterThanOrEqual(0.8 * report.keysRevoked);
}
