import { callerOf, type Answer } from '../harness/http';
import { requestIdOf, type Command, type CommandKind, type History } from '../crash/history';

interface OwnKey {
  readonly id: string;
  /** What is still to be done with it. */
  readonly steps: Exclude<CommandKind, 'create'>[];
}

/** One command after another, on keys of its own: each is made, renamed, rotated twice and revoked. None is tried again. */
export class KeyCommands {
  readonly #call: ReturnType<typeof callerOf>;
  #key: OwnKey | null = null;

  constructor(
    url: string,
    adminKey: string,
    private readonly history: History,
  ) {
    this.#call = callerOf(url, adminKey);
  }

  /** @throws Error that says how the command was refused; then the next one is on another key */
  async next(): Promise<void> {
    const key = this.#key;
    const step = key?.steps.shift();
    this.#key = null;
    if (!key || step === undefined) return this.#create();
    await this.#change(key, step);
    this.#key = key;
  }

  async #create(): Promise<void> {
    const id = this.history.newId('load');
    const answer = await this.#send(id, 'POST', '', { name: id, scopes: ['assets:read'], plan: 'unlimited' });
    const keyId = answer.json<{ id: string }>().id;
    this.#note({ id, kind: 'create', keyId, name: id, outcome: 'acknowledged' });
    this.#key = { id: keyId, steps: ['update', 'rotate', 'rotate', 'revoke'] };
  }

  async #change({ id: keyId }: OwnKey, kind: OwnKey['steps'][number]): Promise<void> {
    const id = this.history.newId('load');
    switch (kind) {
      case 'update':
        await this.#send(id, 'PATCH', `/${keyId}`, { name: id });
        return this.#note({ id, kind, keyId, name: id, outcome: 'acknowledged' });
      case 'rotate':
        await this.#send(id, 'POST', `/${keyId}/rotate`, { grace_period_hours: 24 });
        return this.#note({ id, kind, keyId, outcome: 'acknowledged' });
      case 'revoke':
        await this.#send(id, 'DELETE', `/${keyId}`);
        return this.#note({ id, kind, keyId, outcome: 'acknowledged' });
    }
  }

  async #send(id: string, method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.#call(method, `/api/v1/api-keys${path}`, body, { 'x-request-id': requestIdOf(id, 1) });
    if (answer.status < 300) return answer;
    throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  }

  #note(command: Command): void {
    this.history.commands.push(command);
  }
}
