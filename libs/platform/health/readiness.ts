const CHECK_TIMEOUT_MS = 1_000;

/** Ends normally when the part works, and throws when it does not. */
export type ReadinessCheck = () => Promise<unknown>;

export interface Readiness {
  readonly ready: boolean;
  /** Names of the parts that do not work. Never why: health is public. */
  readonly failing: readonly string[];
}

/** What must work for this process to do its work. Contexts and adapters add their checks; `/readyz` asks all of them. */
export class ReadinessRegistry {
  readonly #checks = new Map<string, { check: ReadinessCheck; timeoutMs: number }>();
  #draining = false;

  /** Adds a check; the answer takes it away again. @throws Error when the name is in use. */
  add(name: string, check: ReadinessCheck, timeoutMs = CHECK_TIMEOUT_MS): () => void {
    if (this.#checks.has(name)) throw new Error(`there is a readiness check named ${name} already`);
    this.#checks.set(name, { check, timeoutMs });
    return () => void this.#checks.delete(name);
  }

  /** From now on not ready: the process is about to stop. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Asks every part at once; one that does not answer within its timeout does not work. */
  async read(): Promise<Readiness> {
    if (this.#draining) return { ready: false, failing: ['draining'] };
    const results = await Promise.all(
      [...this.#checks].map(async ([name, { check, timeoutMs }]) => ((await works(check, timeoutMs)) ? [] : [name])),
    );
    const failing = results.flat().sort();
    return { ready: failing.length === 0, failing };
  }
}

async function works(check: ReadinessCheck, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const answer = Promise.resolve()
    .then(check)
    .then(
      () => true,
      () => false,
    );
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}
