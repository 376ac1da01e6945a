import { assertNever } from '@latchkey/kernel';
import type { KeyEvent } from '@latchkey/contracts';
import { change } from './change';
import type { KeyCommand } from './commands';
import { evolve, type KeyState } from './key';
import { create, expire, remind, reportLeak, resume, revoke, revokeSecret, suspend } from './life';
import { endSilent, noteStalled, rotate } from './rotation';

/**
 * What a command does to a key.
 * @throws AppError `stream.exists`, `key.not_found`, `key.already_revoked`, `key.expired`, `key.suspended`, `key.expiry_in_past`,
 * `key.exceeds_grantor`, `auth.forbidden` for a key of another user, `stream.version_conflict`
 */
export function decide(command: KeyCommand, state: KeyState): readonly KeyEvent[] {
  switch (command.type) {
    case 'CreateKey':
      return create(command, state);
    case 'ChangeKey':
      return change(command, state);
    case 'RotateKey':
      return rotate(command, state);
    case 'NoteStalledRotation':
      return noteStalled(command, state);
    case 'EndSilentSecret':
      return endSilent(command, state);
    case 'SuspendKey':
      return suspend(command, state);
    case 'ResumeKey':
      return resume(command, state);
    case 'ExpireKey':
      return expire(command, state);
    case 'RemindOfExpiry':
      return remind(command, state);
    case 'ReportLeak':
      return reportLeak(command, state);
    case 'RevokeKey':
      return revoke(command, state);
    case 'RevokeSecret':
      return revokeSecret(command, state);
    default:
      return assertNever(command);
  }
}

/** What several commands do, each on what those before have led to. @throws AppError as `decide`: then none has done anything */
export function decideInTurn(commands: readonly KeyCommand[], before: KeyState): readonly KeyEvent[] {
  let state = before;
  return commands.flatMap((command) => {
    const events = decide(command, state);
    state = events.reduce(evolve, state);
    return events;
  });
}
