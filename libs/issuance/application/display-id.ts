import { isAppError, type WorkspaceId } from '@latchkey/kernel';
import type { Claim } from '@latchkey/event-store';
import type { Randomness } from './ports';

/** As documented: `key-` and 8 hexadecimal digits (S0-05). */
const HEX_DIGITS = 8;
/** Collisions before the ids get longer: then the workspace is crowded. */
const SHORT_TRIES = 3;
const HEX_DIGITS_CROWDED = 12;
const TRIES_MAX = 8;

export interface DisplayId {
  readonly displayId: string;
  /** Makes it unique in its workspace, for ever. */
  readonly claim: Claim;
}

/** Writes with a short id that is free in the workspace: another one is tried while somebody has it (C30). */
export const withDisplayId = <Result>(
  random: Randomness,
  workspaceId: WorkspaceId,
  write: (id: DisplayId) => Promise<Result>,
): Promise<Result> => withDisplayIds(random, workspaceId, (next) => write(next()));

/** The same with as many of them as are taken. */
export async function withDisplayIds<Result>(
  random: Randomness,
  workspaceId: WorkspaceId,
  write: (next: () => DisplayId) => Promise<Result>,
): Promise<Result> {
  const scope = `key_display_id:${workspaceId}`;
  for (let tries = 1; ; tries += 1) {
    const next = (): DisplayId => {
      const displayId = `key-${random.hex(tries <= SHORT_TRIES ? HEX_DIGITS : HEX_DIGITS_CROWDED)}`;
      return { displayId, claim: { scope, value: displayId } };
    };
    try {
      return await write(next);
    } catch (error) {
      const taken = isAppError(error, 'claim.taken') && error.details['scope'] === scope;
      if (!taken || tries === TRIES_MAX) throw error;
    }
  }
}
