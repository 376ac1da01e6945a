import { INSTALLATION } from '@latchkey/contracts';
import type { Clock } from '@latchkey/kernel';
import type { KeyCommand } from '../../domain/key/commands';
import { decide } from '../../domain/key/decide';
import type { KeyState } from '../../domain/key/key';
import { nextLook } from '../../domain/key/rotation';
import type { KeyStore } from '../ports';
import type { DueKey, DueKeys, DueRotation, ReminderDays } from './ports';

/** At once, of each kind. */
const BATCH = 100;

const DAY_MS = 24 * 3_600_000;

/** The nearest first: whoever was reminded of it is not reminded of those that passed before, while the service was down. */
const REMINDERS: readonly ReminderDays[] = [7, 14, 30];

/**
 * Does what time brings about that no request does: puts expiries on record, reminds of those to come, and looks after rotations. Checks do not
 * wait for it: they go by the time itself. Each event comes once, however often the clock ticks and on however many instances, because the
 * key's own history decides.
 */
export class KeyClock {
  constructor(
    private readonly due: DueKeys,
    private readonly keys: Pick<KeyStore, 'write'>,
    private readonly clock: Clock,
  ) {}

  /** Resolves to whether there is more to do. @throws AppError when the database fails, and what is left is done another time */
  async tick(): Promise<boolean> {
    let more = false;
    await this.due.alone(async () => {
      const now = this.clock.now();
      const batches = [await this.#expire(now), await this.#remind(now), await this.#lookAtRotations(now)];
      more = batches.includes(BATCH);
    });
    return more;
  }

  async #expire(now: Date): Promise<number> {
    const due = await this.due.expired(now, BATCH);
    for (const key of due) await this.#do(key, { type: 'ExpireKey', now });
    return due.length;
  }

  async #remind(now: Date): Promise<number> {
    let most = 0;
    for (const daysBefore of REMINDERS) {
      const until = new Date(now.getTime() + daysBefore * DAY_MS);
      const due = await this.due.expiringBy(daysBefore, until, now, BATCH);
      for (const key of due) await this.#do(key, { type: 'RemindOfExpiry', daysBefore, now });
      most = Math.max(most, due.length);
      // Whose expiry is moved to before the mark is not reminded of a day that was over when it was.
      await this.due.mark(daysBefore, due.at(-1) ?? { expiresAt: until, keyId: '' });
      // Those that are left would be reminded of an earlier day first.
      if (due.length === BATCH) break;
    }
    return most;
  }

  async #lookAtRotations(now: Date): Promise<number> {
    const due = await this.due.rotations(now, BATCH);
    const heardUntil = due.length === 0 ? null : await this.due.heardUntil(now);
    for (const each of due) await this.#lookAt(each, heardUntil, now);
    return due.length;
  }

  async #lookAt(rotation: DueRotation, heardUntil: Date | null, now: Date): Promise<void> {
    const { key, lastUsedAt } = rotation;
    const command = dueIn(rotation, heardUntil, now);
    const after = command ? await this.#do(key, command) : key;
    await this.due.lookAgain(rotation, nextLook(after, lastUsedAt, now));
  }

  async #do({ keyId, workspaceId }: DueKey, command: KeyCommand): Promise<KeyState> {
    const meta = { actorId: INSTALLATION, workspaceId, requestId: 'clock', at: command.now };
    const { key } = await this.keys.write({ keyId, decide: (state) => decide(command, state), meta });
    return key;
  }
}

/** What is to be done of a rotation, undefined: nothing. */
function dueIn({ key, lastUsedAt }: DueRotation, heardUntil: Date | null, now: Date): KeyCommand | undefined {
  const secretNumber = key.rotation?.oldSecretNumber;
  const decides = (command: KeyCommand): boolean => decide(command, key).length > 0;
  if (heardUntil && secretNumber !== undefined) {
    const silent = { type: 'EndSilentSecret', secretNumber, lastUsedAt, now } as const;
    // Nobody knows yet of a call that is in no node's record so far.
    if (decides({ ...silent, now: heardUntil < now ? heardUntil : now })) return silent;
  }
  if (lastUsedAt === null) return undefined;
  const stalled: KeyCommand = { type: 'NoteStalledRotation', lastUsedAt, now };
  return decides(stalled) ? stalled : undefined;
}
