import { z } from 'zod';
import type { CheckResult } from '../check';

/** One decision on a call: what was asked, as far as the calling service said it, and the true answer. */
export interface Decision {
  /** Unix ms. */
  readonly timeMs: number;
  /** `allowed`, or why not: the true reason, also where an end user sees one body for all. */
  readonly outcome: string;
  /** How the decision came about. */
  readonly via: CheckResult['via'];
  /** Null where the credential is missing or unknown, or nobody could say whose it is. */
  readonly secret: DecidedSecret | null;
  readonly scopes: readonly string[];
  readonly asset: string | null;
  readonly action: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly ip: string | null;
  /** What the program that made the call calls itself; null also in what was recorded before programs were. */
  readonly userAgent: string | null;
  /** How much of each limit the call uses up where it is allowed. */
  readonly cost: number;
  /** Who asked; null in what was recorded before callers were. */
  readonly caller: DecidedCaller | null;
}

/**
 * Who asked for a decision. `token`: the service that shows this service token; `certificate`: the one with a certificate of the
 * installation of this name; `local`: the process itself, or whoever is on its machine where that is enough. `refused`: nobody was let
 * in, and the decision is the one on the service token that was shown.
 */
export type DecidedCaller =
  | { readonly kind: 'token'; readonly secret: DecidedSecret }
  | { readonly kind: 'certificate'; readonly name: string }
  | { readonly kind: 'local' }
  | { readonly kind: 'refused' };

/** A key's secret, or a session's token: whose, and which of them (C29). Or a client's access token. */
export type DecidedSecret =
  | { readonly workspaceId: string; readonly keyId: string; readonly number: number }
  | { readonly workspaceId: string; readonly sessionId: string; readonly number: number }
  | { readonly workspaceId: string; readonly clientId: string; readonly jti: string };

const index = z.number().int().min(0);
const text = z.string().nullable();
/** Where a row has no secret, or no address. */
const NONE = -1;
const indexOrNone = z.number().int().min(NONE);

const columns = z.strictObject({
  /** Unix ms that the rows' times count from. */
  from: z.number().int().min(0),
  /** Outcome and `via`. */
  outcomes: z.array(z.tuple([z.string(), z.enum(['cache', 'owner', 'memory'])])),
  workspaces: z.array(z.string()),
  /**
   * Place of the workspace, key id, number of the secret. With a mark that the id is a session's and the number its token's, or that it is a
   * client's with the `jti` of its token.
   */
  secrets: z.array(
    z.union([
      z.tuple([index, z.string(), z.number().int().positive()]),
      z.tuple([index, z.string(), z.number().int().positive(), z.literal('session')]),
      z.tuple([index, z.string(), z.string(), z.literal('access_token')]),
    ]),
  ),
  /** Scopes, action, method, cost: the same for every call of a route. */
  calls: z.array(z.tuple([z.array(z.string()), text, text, z.number().int().min(0)])),
  /** Asset and path. */
  targets: z.array(z.tuple([text, text])),
  ips: z.array(z.string()),
  /** Place of the token's secret, or name in the certificate. Absent, as the rows' last place, before callers were recorded. */
  callers: z
    .array(
      z.union([
        z.tuple([z.literal('token'), index]),
        z.tuple([z.literal('certificate'), z.string()]),
        z.tuple([z.enum(['local', 'refused'])]),
      ]),
    )
    .optional(),
  /** What programs call themselves. Absent before they were recorded; a row without one may end before it. */
  agents: z.array(z.string()).optional(),
  /** ms since `from`, then places in outcomes, secrets, calls, targets, ips, callers, agents; -1: none. */
  rows: z.array(
    z.tuple([index, index, indexOrNone, index, index, indexOrNone, indexOrNone.optional(), indexOrNone.optional()]),
  ),
});

type Columns = z.infer<typeof columns>;
type Row = Columns['rows'][number];
type CallerColumn = NonNullable<Columns['callers']>[number];

/**
 * Decisions in the form that they travel in: what repeats stands once, so that a decision is a row of some twenty bytes.
 */
export const decisionTable = columns.refine(pointsIntoItself, 'a row points beyond its table');

export type DecisionTable = Columns;

function pointsIntoItself({
  outcomes,
  workspaces,
  secrets,
  calls,
  targets,
  ips,
  callers = [],
  agents = [],
  rows,
}: Columns): boolean {
  return (
    secrets.every(([workspace]) => workspace < workspaces.length) &&
    callers.every(([kind, place]) => kind !== 'token' || place < secrets.length) &&
    rows.every(
      ([, outcome, secret, call, target, ip, caller = NONE, agent = NONE]) =>
        outcome < outcomes.length &&
        secret < secrets.length &&
        call < calls.length &&
        target < targets.length &&
        ip < ips.length &&
        caller < callers.length &&
        agent < agents.length,
    )
  );
}

/** Values that repeat, each once, in the order in which they came. */
class Distinct<Value> {
  readonly values: Value[] = [];
  readonly #places = new Map<string, number>();

  /** @param name the same for the same value, and for no other */
  placeOf(name: string, value: () => Value): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.#places.set(name, this.values.length);
    return this.values.push(value()) - 1;
  }
}

/** Numbers for texts, of which names of several texts are made: numbers and commas cannot be mistaken for each other. */
class Numbered {
  readonly #numbers = new Map<string, number>();

  of(text: string | null): number {
    if (text === null) return NONE;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** `emptyAtMs`: the time of a table without decisions. */
export function tableOf(decisions: readonly Decision[], emptyAtMs: number): DecisionTable {
  const from = decisions.reduce((least, { timeMs }) => Math.min(least, timeMs), decisions[0]?.timeMs ?? emptyAtMs);
  const texts = new Numbered();
  const outcomes = new Distinct<Columns['outcomes'][number]>();
  const workspaces = new Distinct<string>();
  const secrets = new Distinct<Columns['secrets'][number]>();
  const calls = new Distinct<Columns['calls'][number]>();
  const targets = new Distinct<Columns['targets'][number]>();
  const ips = new Distinct<string>();
  const callers = new Distinct<CallerColumn>();
  const agents = new Distinct<string>();

  const placeOfSecret = (secret: DecidedSecret) => {
    const { workspaceId } = secret;
    const workspace = workspaces.placeOf(workspaceId, () => workspaceId);
    if ('keyId' in secret) {
      const { keyId, number } = secret;
      return secrets.placeOf(`${workspace},${texts.of(keyId)},${number}`, () => [workspace, keyId, number]);
    }
    if ('sessionId' in secret) {
      const { sessionId, number } = secret;
      const name = `${workspace},${texts.of(sessionId)},${number},session`;
      return secrets.placeOf(name, () => [workspace, sessionId, number, 'session']);
    }
    const { clientId, jti } = secret;
    const name = `${workspace},${texts.of(clientId)},${texts.of(jti)},access_token`;
    return secrets.placeOf(name, () => [workspace, clientId, jti, 'access_token']);
  };
  const placeOfCall = ({ scopes, action, method, cost }: Decision) =>
    calls.placeOf(
      `${texts.of(action)},${texts.of(method)},${cost},${scopes.map((scope) => texts.of(scope)).join()}`,
      () => [[...scopes], action, method, cost],
    );
  const placeOfTarget = ({ asset, path }: Decision) =>
    targets.placeOf(`${texts.of(asset)},${texts.of(path)}`, () => [asset, path]);
  const placeOfCaller = (caller: DecidedCaller) => {
    switch (caller.kind) {
      case 'token': {
        const place = placeOfSecret(caller.secret);
        return callers.placeOf(`token ${place}`, () => ['token', place]);
      }
      case 'certificate':
        return callers.placeOf(`certificate ${caller.name}`, () => ['certificate', caller.name]);
      case 'local':
      case 'refused':
        return callers.placeOf(caller.kind, () => [caller.kind]);
    }
  };
  const rows = decisions.map((decision): Row => {
    const { outcome, via, secret, ip, caller, userAgent } = decision;
    const row: Row = [
      decision.timeMs - from,
      outcomes.placeOf(`${via} ${outcome}`, () => [outcome, via]),
      secret === null ? NONE : placeOfSecret(secret),
      placeOfCall(decision),
      placeOfTarget(decision),
      ip === null ? NONE : ips.placeOf(ip, () => ip),
      caller === null ? NONE : placeOfCaller(caller),
    ];
    if (userAgent !== null) row[7] = agents.placeOf(userAgent, () => userAgent);
    return row;
  });
  return {
    from,
    outcomes: outcomes.values,
    workspaces: workspaces.values,
    secrets: secrets.values,
    calls: calls.values,
    targets: targets.values,
    ips: ips.values,
    callers: callers.values,
    agents: agents.values,
    rows,
  };
}

/** The decisions of a table that has been parsed. */
export function decisionsIn(table: DecisionTable): Decision[] {
  return table.rows.map(([sinceMs, outcomeAt, secretAt, callAt, targetAt, ipAt, callerAt = NONE, agentAt = NONE]) => {
    const [outcome, via] = at(table.outcomes, outcomeAt);
    const [scopes, action, method, cost] = at(table.calls, callAt);
    const [asset, path] = at(table.targets, targetAt);
    return {
      timeMs: table.from + sinceMs,
      outcome,
      via,
      secret: secretAt === NONE ? null : secretIn(table, secretAt),
      scopes,
      asset,
      action,
      method,
      path,
      ip: ipAt === NONE ? null : at(table.ips, ipAt),
      userAgent: agentAt === NONE ? null : at(table.agents ?? [], agentAt),
      cost,
      caller: callerAt === NONE ? null : callerIn(table, callerAt),
    };
  });
}

function callerIn(table: DecisionTable, place: number): DecidedCaller {
  const [kind, who] = at(table.callers ?? [], place);
  switch (kind) {
    case 'token':
      return { kind, secret: secretIn(table, who) };
    case 'certificate':
      return { kind, name: who };
    case 'local':
    case 'refused':
      return { kind };
  }
}

function secretIn(table: DecisionTable, place: number): DecidedSecret {
  const secret = at(table.secrets, place);
  const workspaceId = at(table.workspaces, secret[0]);
  if (secret.length === 3) return { workspaceId, keyId: secret[1], number: secret[2] };
  const [, id, which, kind] = secret;
  return kind === 'session' ? { workspaceId, sessionId: id, number: which } : { workspaceId, clientId: id, jti: which };
}

function at<Value>(values: readonly Value[], place: number): Value {
  const value = values[place];
  if (value === undefined) throw new RangeError('a row points beyond its table');
  return value;
}
