import { setTimeout as pause } from 'node:timers/promises';
import { callerOf, type Answer } from '../harness/http';
import { requestIdOf, type Command, type History, type IssuedSecret } from './history';

/** A try that is not answered within this is given up, and made again. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;
/** Codes that ask for another try. */
const TRY_AGAIN = ['stream.version_conflict', 'request.in_progress'];
/** Idempotent: the command was done, and its secret was given to somebody who did not get it (C31). */
const DONE_BEFORE = 'key.secret_already_issued';

export interface OwnKey {
  readonly id: string;
  /** Those that may be live, the newest last. The newest of a rotation whose answer was lost is not known. */
  readonly secrets: IssuedSecret[];
}

export interface KeyClientOptions {
  readonly url: string;
  readonly adminKey: string;
  readonly history: History;
  /** Off: a try whose answer was lost is made again as if it were the first. */
  readonly idempotencyKeys?: boolean;
}

interface Tried {
  readonly answer: Answer | null;
  readonly outcome: Command['outcome'];
}

/** An admin's program that makes and changes keys of its own, and tries again while it gets no answer. */
export class KeyClient {
  readonly #call: ReturnType<typeof callerOf>;
  readonly #history: History;

  constructor(private readonly options: KeyClientOptions) {
    this.#call = callerOf(options.url, options.adminKey);
    this.#history = options.history;
  }

  /** `null`: it is not known whether there is a key, or its secret was lost. */
  async create(about: string): Promise<OwnKey | null> {
    const id = this.#history.newId(about);
    const body = { name: id, scopes: ['assets:read'], plan: 'unlimited' };
    const { answer, outcome } = await this.#try(id, 'POST', '/api/v1/api-keys', body);
    const issued = issuedIn(answer);
    const keyId = issued?.id ?? answer?.json<{ key_id?: string }>().key_id ?? null;
    this.#note({ id, kind: 'create', keyId, name: id, outcome }, answer);
    return issued && { id: issued.id, secrets: [this.#history.issued(issued.key, issued.id)] };
  }

  /** @returns whether the key's state is known */
  async rotate(about: string, key: OwnKey, graceHours: number): Promise<boolean> {
    const ended = graceHours === 0 ? [...key.secrets] : key.secrets.slice(0, -1);
    for (const secret of ended) secret.endSentAt ??= performance.now();
    const id = this.#history.newId(about);
    const path = `/api/v1/api-keys/${key.id}/rotate`;
    const { answer, outcome } = await this.#try(id, 'POST', path, { grace_period_hours: graceHours });
    this.#note({ id, kind: 'rotate', keyId: key.id, outcome }, answer);
    if (outcome !== 'acknowledged') return false;
    for (const secret of ended) secret.endedAt ??= performance.now();
    const issued = issuedIn(answer);
    key.secrets.splice(0, ended.length);
    if (issued) key.secrets.push(this.#history.issued(issued.key, key.id));
    return issued !== null;
  }

  async rename(about: string, key: OwnKey): Promise<boolean> {
    const id = this.#history.newId(about);
    const { answer, outcome } = await this.#try(id, 'PATCH', `/api/v1/api-keys/${key.id}`, { name: id });
    this.#note({ id, kind: 'update', keyId: key.id, name: id, outcome }, answer);
    return outcome === 'acknowledged';
  }

  async revoke(about: string, key: OwnKey): Promise<boolean> {
    for (const secret of key.secrets) secret.endSentAt ??= performance.now();
    const id = this.#history.newId(about);
    const { answer, outcome } = await this.#try(id, 'DELETE', `/api/v1/api-keys/${key.id}`);
    this.#note({ id, kind: 'revoke', keyId: key.id, outcome }, answer);
    if (outcome !== 'acknowledged') return false;
    for (const secret of key.secrets) secret.endedAt ??= performance.now();
    return true;
  }

  #note(command: Command, answer: Answer | null): void {
    this.#history.commands.push({
      ...command,
      ...(command.outcome === 'refused' && { answer: `${answer?.status} ${answer?.text}` }),
    });
  }

  /** `unknown`: no answer that says anything, for a minute. */
  async #try(id: string, method: string, path: string, body?: object): Promise<Tried> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let attempt = 1; performance.now() < deadline; attempt += 1) {
      const answer = await this.#call(method, path, body, {
        'x-request-id': requestIdOf(id, attempt),
        ...((this.options.idempotencyKeys ?? true) && method === 'POST' && { 'idempotency-key': id }),
      }).catch(() => null);
      if (answer !== null && isDone(answer)) return { answer, outcome: 'acknowledged' };
      if (answer !== null && isRefusal(answer)) return { answer, outcome: 'refused' };
      await pause(RETRY_MS * Math.random());
    }
    return { answer: null, outcome: 'unknown' };
  }
}

const codeOf = (answer: Answer): string => answer.json<{ code?: string }>().code ?? '';
const isDone = (answer: Answer) => answer.status < 300 || (answer.status === 409 && codeOf(answer) === DONE_BEFORE);
const isRefusal = (answer: Answer) => answer.status < 500 && !TRY_AGAIN.includes(codeOf(answer));

const issuedIn = (answer: Answer | null): { id: string; key: string } | null =>
  answer !== null && answer.status < 300 ? answer.json<{ id: string; key: string }>() : null;
