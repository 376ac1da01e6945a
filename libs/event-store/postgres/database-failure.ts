import { AppError, isAppError } from '@latchkey/kernel';
import { isNativeError } from 'node:util/types';
import { DatabaseError } from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';

/**
 * SQLSTATE classes and codes that say "not now": connection, resources, operator intervention, system, lock and statement
 * timeouts, read-only after a failover (PostgreSQL manual, appendix A).
 */
const UNAVAILABLE = /^(08|53|57|58)...$|^(55P03|25P03|25006)$/;
/** Deadlock and serialization failure: the same work may succeed when it is done again from the start. */
const CONFLICT = /^40(P01|001)$/;
/** A text with NUL, which Postgres does not hold. Our own code makes none, so a client did. */
const NOT_TEXT = /^(22021|22P05)$/;
/** What the network says. */
const NETWORK: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** The driver has no codes for what it says itself. */
const DRIVER =
  /^(Connection terminated|timeout exceeded|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/i;

export function sqlState(error: unknown): string | undefined {
  const driverError = unwrap(error);
  return driverError instanceof DatabaseError ? driverError.code : undefined;
}

export const isUniqueViolation = (error: unknown, constraint: string): boolean => {
  const driverError = unwrap(error);
  return driverError instanceof DatabaseError && driverError.code === '23505' && driverError.constraint === constraint;
};

/** No retry can mend it: the data itself is refused (SQLSTATE classes 22 and 23). */
export const isDataRefused = (error: unknown): boolean => /^2[23]/.test(sqlState(error) ?? '');

/**
 * What a failed database call means to a caller; an error that is not the database's stays what it is. TypeORM's own error is
 * dropped from the chain, because it carries the statement's parameters, which must not reach a log.
 */
export function databaseFailure(error: unknown, doing: string): Error {
  if (isAppError(error)) return error;
  const cause = withoutValues(unwrap(error));
  const state = sqlState(error);
  const options = { internal: `${doing}: ${isNativeError(cause) ? cause.message : 'failed'}`, cause };
  if (state !== undefined && CONFLICT.test(state)) return new AppError('stream.version_conflict', options);
  if (state !== undefined && NOT_TEXT.test(state)) return new AppError('request.invalid', options);
  if (isUnavailable(error, state)) return new AppError('service.unavailable', { ...options, retryAfterSeconds: 1 });
  const isDatabases = error instanceof QueryFailedError || error instanceof DatabaseError;
  return isNativeError(error) && !isDatabases ? error : new AppError('service.internal', options);
}

function isUnavailable(error: unknown, state: string | undefined): boolean {
  if (state !== undefined) return UNAVAILABLE.test(state);
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const cause = unwrap(error);
  if (!isNativeError(cause)) return false;
  if ('code' in cause && typeof cause.code === 'string') return NETWORK.has(cause.code);
  return DRIVER.test(cause.message);
}

const unwrap = (error: unknown): unknown => (error instanceof QueryFailedError ? error.driverError : error);

/** `detail` quotes the values of a row. */
function withoutValues(error: unknown): unknown {
  if (error instanceof DatabaseError) {
    error.detail = undefined;
    error.where = undefined;
  }
  return error;
}
