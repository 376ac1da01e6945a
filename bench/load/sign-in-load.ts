import { randomUUID } from 'node:crypto';
import type { Account } from '../contenders/accounts';

/** One sign-in in so many is to an account that there is not, each to another one: that costs what a wrong password costs, and locks nobody's account. */
const WRONG_EVERY = 5;
/** For passwords that wait for their turn behind those of all others. */
const TIMEOUT_MS = 60_000;

/** Clients who sign in again and again, each to an account of its own and from an address of its own. */
export class SignInLoad {
  #done = 0;
  #ended = false;
  readonly #clients: Promise<unknown>;

  /** @param url of identity, which believes this machine's `X-Forwarded-For` */
  constructor(
    private readonly url: string,
    accounts: readonly Account[],
  ) {
    this.#clients = Promise.all(accounts.map((account, index) => this.#client(account, `198.51.100.${index + 1}`)));
    this.#clients.catch(() => undefined);
  }

  /** So many were answered, with a session or with its refusal. */
  get done(): number {
    return this.#done;
  }

  /** Waits for what is under way: who leaves stays charged for the attempt. Rejects when a sign-in was not answered as it should be. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#clients;
  }

  async #client(account: Account, ip: string): Promise<void> {
    // They begin at different places, or all would be wrong together.
    let turn = Number(ip.split('.')[3]);
    while (!this.#ended) {
      const isWrong = (turn += 1) % WRONG_EVERY === 0;
      const shown = isWrong ? { ...account, email: `${randomUUID()}@bench.example` } : account;
      await this.#signIn(shown, ip, isWrong ? 401 : 201);
      this.#done += 1;
    }
  }

  /** @throws Error that quotes the answer, when it is another one. */
  async #signIn(account: Account, ip: string, expected: number): Promise<void> {
    const answer = await fetch(`${this.url}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': ip },
      body: JSON.stringify(account),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await answer.text();
    const wait = answer.headers.get('retry-after') ?? 'no';
    if (answer.status !== expected)
      throw new Error(`${answer.status}, Retry-After ${wait}, for a sign-in of ${account.email}: ${body}`);
  }
}
