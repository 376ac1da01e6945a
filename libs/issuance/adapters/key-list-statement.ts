import { assertNever } from '@latchkey/kernel';
import type { KeyOrder, KeySelection, KeySort, KeyStatus } from '../application/key-list-query';

/** Of any of the key's secrets. */
export const LAST_USED_AT = '(SELECT max(last_used_at) FROM key_last_used used WHERE used.key_id = key_list.key_id)';

/** As in the indexes. That of last uses is in another table. */
export const SORTED_BY: Readonly<Record<Exclude<KeySort, 'last_used'>, string>> = {
  created: 'created_at',
  name: 'name COLLATE "C"',
  expires: `coalesce(expires_at, 'infinity'::timestamptz)`,
  secret: `(secrets -> -1 ->> 'created_at') COLLATE "C"`,
};

export const orderBy = (expression: string, { direction }: KeyOrder): string =>
  `ORDER BY ${expression} ${direction}, key_id ${direction}`;

const LIVE = 'revoked_at IS NULL';
/** Filters name it as the index does: where few keys pass, it finds them. */
const EXPIRY = SORTED_BY.expires;

/** Conditions of a statement on `key_list`, with their parameters in the order in which they came: first of all, the workspace. */
export class KeyConditions {
  readonly parameters: unknown[] = [];
  readonly #conditions: string[] = [];

  constructor({ reach, filter, liveOnly, now }: KeySelection) {
    this.add((id) => `key_list.workspace_id = ${id}`, reach.workspaceId);
    this.#if(reach.userId, (id) => `user_id = ${id}`);
    if (liveOnly) this.#conditions.push(LIVE);
    this.#if(filter.name, (text) => `strpos(lower(name), lower(${text})) > 0`);
    this.#if(filter.scope && JSON.stringify([filter.scope]), (scopes) => `scopes @> ${scopes}`);
    this.#if(filter.userId, (id) => `user_id = ${id}`);
    this.#if(filter.tag && JSON.stringify([filter.tag]), (tags) => `tags <> '[]' AND tags @> ${tags}`);
    this.#if(filter.createdAfter, (time) => `created_at > ${time}`);
    this.#if(filter.createdBefore, (time) => `created_at < ${time}`);
    this.#if(filter.expiresAfter, (time) => `${EXPIRY} > ${time} AND ${EXPIRY} < 'infinity'`);
    this.#if(filter.expiresBefore, (time) => `${EXPIRY} < ${time}`);
    this.#if(filter.lastUsedAfter, (time) => isUsed('>', time));
    this.#if(filter.lastUsedBefore, (time) => `${isUsed('<', time)} AND NOT ${isUsed('>=', time)}`);
    // One that was used before a time was made before it, too.
    this.#if(filter.unusedSince, (time) => `created_at < ${time} AND NOT ${isUsed('>=', time)}`);
    this.#if(filter.secretBefore?.toISOString(), (time) => `${SORTED_BY.secret} < ${time}`);
    if (filter.status) this.#conditions.push(statusIs(filter.status, () => this.parameter(now)));
  }

  /** The name of a parameter. */
  parameter(value: unknown): string {
    return `$${this.parameters.push(value)}`;
  }

  add(condition: (parameter: string) => string, value: unknown): void {
    this.#conditions.push(condition(this.parameter(value)));
  }

  also(condition: string): void {
    this.#conditions.push(condition);
  }

  /** Only what comes after a place in the list, which is told by its parameters or by expressions. */
  after(expression: string, { direction }: KeyOrder, value: string, id: string): void {
    this.#conditions.push(`(${expression}, key_id) ${direction === 'asc' ? '>' : '<'} (${value}, ${id})`);
  }

  get where(): string {
    return `WHERE ${this.#conditions.join(' AND ')}`;
  }

  #if<Value>(value: Value | null | undefined, condition: (parameter: string) => string): void {
    if (value !== undefined && value !== null) this.add(condition, value);
  }
}

/** @param now names a parameter, which a statement must not have without need */
function statusIs(status: KeyStatus, now: () => string): string {
  switch (status) {
    case 'active':
      return `${LIVE} AND ${isAhead(now())} AND suspended_at IS NULL`;
    case 'suspended':
      return `${LIVE} AND ${isAhead(now())} AND suspended_at IS NOT NULL`;
    case 'expired':
      return `${LIVE} AND ${EXPIRY} <= ${now()}`;
    case 'revoked':
      return 'revoked_at IS NOT NULL';
    default:
      return assertNever(status);
  }
}

const isAhead = (now: string): string => `${EXPIRY} > ${now}`;

/** Whether one of the key's secrets was last used so. Keys used then are found by an index when they are few. */
const isUsed = (then: '<' | '>' | '>=', time: string): string => `EXISTS (
  SELECT FROM key_last_used used
   WHERE used.key_id = key_list.key_id AND used.workspace_id = $1 AND used.last_used_at ${then} ${time})`;
