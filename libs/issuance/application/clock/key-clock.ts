import { INSTALLATION } from '@latchkey/contracts';
import { isAppError, type Clock } from '@latchkey/kernel';
import type { KeyCommand } from '../../domain/key/commands';
import { decide } from '../../domain/key/decide';
import type { KeyState } from '../../domain/key/key';
import { nextLook } from '../../domain/key/rotation';
import type { KeyStore } from '../ports';
import type { DueKey, DueKeys, DueRotation, ExpiringKey, ReminderDays } from './ports';

/** At once, of each kind: the turn of the clock is a transaction that waits for all of it, and must not wait for long. */
const BATCH = 25;

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

  /**
   * Resolves to whether there is more to do.
   * @throws AppError when the database fails, and what is left is done another time; the first failure of a key, when all others are done
   */
  async tick(): Promise<boolean> {
    let more = false;
    await this.due.alone(async () => {
      const now = this.clock.now();
      const failures: unknown[] = [];
      const batches = [
        await this.#expire(now, failures),
        await this.#remind(now, failures),
        await this.#lookAtRotations(now, failures),
      ];
      more = batches.includes(BATCH);
      if (failures.length > 0) throw failures[0];
    });
    return more;
  }

  async #expire(now: Date, failures: unknown[]): Promise<number> {
    const due = await this.due.expired(now, BATCH);
    await doEach(due, failures, (key) => this.#do(key, { type: 'ExpireKey', now }));
    return due.length;
  }

  async #remind(now: Date, failures: unknown[]): Promise<number> {
    let most = 0;
    for (const daysBefore of REMINDERS) {
      const until = new Date(now.getTime() + daysBefore * DAY_MS);
      const due = await this.due.expiringBy(daysBefore, until, now, BATCH);
      const failed = await doEach(due, failures, (key) => this.#do(key, { type: 'RemindOfExpiry', daysBefore, now }));
      most = Math.max(most, due.length);
      // Whose expiry is moved to before the mark is not reminded of a day that was over when it was.
      const upTo = due.length === 0 ? { expiresAt: until, keyId: '' } : lastDone(due, failed);
      if (upTo) await this.due.mark(daysBefore, upTo);
      // Those that are left would be reminded of an earlier day first.
      if (due.length === BATCH) break;
    }
    return most;
  }

  async #lookAtRotations(now: Date, failures: unknown[]): Promise<number> {
    const due = await this.due.rotations(now, BATCH);
    const heardUntil = due.length === 0 ? null : await this.due.heardUntil(now);
    await doEach(due, failures, (each) => this.#lookAt(each, heardUntil, now));
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

/** What fails of one key keeps no other waiting. Resolves to those that failed. @throws AppError `service.unavailable`: the others would fail too */
async function doEach<Due>(
  due: readonly Due[],
  failures: unknown[],
  act: (one: Due) => Promise<unknown>,
): Promise<ReadonlySet<Due>> {
  const failed = new Set<Due>();
  for (const one of due) {
    try {
      await act(one);
    } catch (error) {
      if (isAppError(error, 'service.unavailable')) throw error;
      failed.add(one);
      failures.push(error);
    }
  }
  return failed;
}

/** Up to where keys need not be looked at again, undefined: nowhere. What failed is tried again, unless a full batch has others wait behind it. */
function lastDone(due: readonly ExpiringKey[], failed: ReadonlySet<ExpiringKey>): ExpiringKey | undefined {
  if (due.length === BATCH) return due.findLast((key) => !failed.has(key));
  const first = due.findIndex((key) => failed.has(key));
  return first < 0 ? due.at(-1) : due[first - 1];
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
