import { status } from '@grpc/grpc-js';
import { isAppError } from '@latchkey/kernel';
import { FAILED, type Refusal } from './caller';

/** What the caller learns of a failure. `onError` is told of those that are not its own. */
export function refusalOf(error: unknown, onError: (error: unknown) => void): Refusal {
  if (isAppError(error, 'request.invalid')) return { code: status.INVALID_ARGUMENT, details: error.public };
  onError(error);
  return FAILED;
}
