import { types } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Members that hold credentials, wherever they stand in what is logged. */
const SECRET_MEMBERS = [
  'authorization',
  'cookie',
  'credential',
  'key',
  'mfa_token',
  'password',
  'secret',
  'set-cookie',
  'token',
  'x-api-key',
];
const REDACTED_DEPTH = 4;

const quoted = (name: string) => `["${name}"]`;
const redactedPaths = SECRET_MEMBERS.flatMap((name) =>
  Array.from({ length: REDACTED_DEPTH }, (_, depth) => `${Array<string>(depth).fill('*').join('.')}${quoted(name)}`),
);

const CAUSES_MAX = 5;
const SUMMED_UP_MAX = 3;

/** Name, code, message and stack of an error, of its causes, and of the first few that it sums up. Nothing else: drivers hang queries and parameters on theirs. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!types.isNativeError(error)) return { message: `not an error: ${typeof error}` };
  const code: unknown = Reflect.get(error, 'code');
  return {
    name: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && depth < CAUSES_MAX && { cause: describeError(error.cause, depth + 1) }),
    ...(error instanceof AggregateError &&
      depth < CAUSES_MAX && {
        errors: error.errors.slice(0, SUMMED_UP_MAX).map((each) => describeError(each, depth + 1)),
      }),
  };
}

export interface LoggerOptions {
  readonly service: string;
  /** pino's level; `info` when absent. */
  readonly level?: string | undefined;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream | undefined;
}

/** JSON lines on standard output, with credentials redacted and errors reduced to what is safe to keep. */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => describeError(error) },
    redact: { paths: redactedPaths, censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
