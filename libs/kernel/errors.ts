import { errorCatalogue, type ErrorCode } from './error-codes';

export interface AppErrorOptions {
  /** The field of the request that is wrong, as a dotted path (`scopes.1`). */
  field?: string;
  /** What a client may see. The catalogue's text when absent. */
  public?: string;
  /** For the log only. */
  internal?: string;
  /** Further members that a client may see (`secret_already_issued` carries the key's id). */
  details?: Readonly<Record<string, string | number | boolean>>;
  /** When trying again makes sense, in whole seconds. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** One error, two messages, and the cause. Surfaces turn the code into a status; nothing else knows HTTP or gRPC. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly public: string;
  readonly field: string | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    options: AppErrorOptions = {},
  ) {
    super(options.internal ?? options.public ?? errorCatalogue[code], { cause: options.cause });
    this.public = options.public ?? errorCatalogue[code];
    this.field = options.field;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export const isAppError = (error: unknown, code?: ErrorCode): error is AppError =>
  error instanceof AppError && (code === undefined || error.code === code);
