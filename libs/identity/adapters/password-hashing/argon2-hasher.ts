import { AppError, isAppError, Secret } from '@latchkey/kernel';
import type { HashingCaller, PasswordHasher, PasswordVerdict } from '../../application/password-ports';
import { BoundedQueue, type QueueBounds } from './bounded-queue';
import { HashingProcess, type HashingJob, type HashingResult } from './hashing-process';
import { ARGON2ID, nobodysHash, type Argon2Parameters } from './parameters';

/** Each takes 64 MiB and four threads while it runs: one after the other is as fast, and holds less. */
const BOUNDS: QueueBounds = { atOnce: 1, waitingMax: 64 };

export interface Argon2Options {
  readonly bounds?: QueueBounds;
  readonly parameters?: Argon2Parameters;
}

/** argon2id in a process of its own with lower priority, behind a bounded queue. */
export class Argon2Hasher implements PasswordHasher {
  readonly process = new HashingProcess();
  readonly #queue: BoundedQueue;
  readonly #parameters: Argon2Parameters;

  constructor({ bounds = BOUNDS, parameters = ARGON2ID }: Argon2Options = {}) {
    this.#queue = new BoundedQueue(bounds);
    this.#parameters = parameters;
  }

  async hash(password: Secret, caller?: HashingCaller): Promise<Secret> {
    const result = await this.#run({ hash: null, password: password.reveal() }, caller);
    if ('hash' in result) return new Secret(result.hash);
    throw new AppError('service.internal', { internal: 'the hashing process answered something else' });
  }

  async verify(hash: Secret | null, password: Secret, caller?: HashingCaller): Promise<PasswordVerdict> {
    const known = hash?.reveal() ?? nobodysHash(this.#parameters);
    const result = await this.#run({ hash: known, password: password.reveal() }, caller);
    if (!('matches' in result) || !result.matches || hash === null) return { matches: false };
    return { matches: true, rehashed: result.rehashed === null ? null : new Secret(result.rehashed) };
  }

  /** Jobs that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  async #run(job: Pick<HashingJob, 'hash' | 'password'>, caller?: HashingCaller): Promise<HashingResult> {
    try {
      return await this.#queue.run(() => this.process.run({ ...job, parameters: this.#parameters }), caller);
    } catch (error) {
      if (isAppError(error)) throw error;
      throw new AppError('service.unavailable', {
        internal: 'a password could not be hashed',
        retryAfterSeconds: 1,
        cause: error,
      });
    }
  }
}
