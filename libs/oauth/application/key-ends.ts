import { secretNumberOf, type Principal, type SubjectReader, type SubjectSnapshot } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import { AskQueue, withinMs } from '@latchkey/live-state';

/** A call that hangs must make room for the next. */
const ASK_TIMEOUT_MS = 1_000;
/** What is asked at once is bounded, and each workspace has a share: one that introspects without end holds up no other. */
const ASK_LIMITS = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };

/** When API keys end by themselves. A check does not say it: until then it is asked again. */
export class KeyEnds {
  /** By key id. */
  readonly #asks: AskQueue<string, SubjectSnapshot>;

  constructor(reader: SubjectReader) {
    const refsOf = (ids: readonly string[]) => ids.map((id) => ({ kind: 'key', id }) as const);
    this.#asks = new AskQueue({
      ask: (ids) => withinMs(reader.read('issuance', refsOf(ids)), ASK_TIMEOUT_MS),
      nameOf: (id) => id,
      limits: ASK_LIMITS,
    });
  }

  /**
   * Unix ms at which the secret that was shown passes no more, as its key expires or it has been replaced and its grace period ends; null: it
   * does not end by itself, or nobody can say right now.
   */
  async endOf({ id, secret_id: secretId, workspace_id: asker }: Principal): Promise<number | null> {
    const body = await this.#bodyOf(id, asker);
    if (body?.kind !== 'key') return null;
    const { expiresAtMs, secrets } = body;
    const graceUntilMs = secrets.find(({ number }) => number === secretNumberOf(secretId))?.graceUntilMs ?? null;
    const ends = [expiresAtMs, graceUntilMs].filter((end) => end !== null);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Whether the key passes was said by the check, so for its end alone (OPTIONAL, RFC 7662 §2.2) nobody is refused an answer. */
  async #bodyOf(id: string, asker: string): Promise<SubjectSnapshot['body']> {
    try {
      return (await this.#asks.ask(id, asker)).body;
    } catch (error) {
      if (isAppError(error, 'service.unavailable')) return null;
      throw error;
    }
  }
}
