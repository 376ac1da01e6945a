import type { System } from './system';
import { call, callerOf, type Answer } from './http';

/** As the S4E documents show it (S0-04). */
export interface S4eKey {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
}

/** What a calling service says of a call. */
export interface CheckedCall {
  readonly scopes?: readonly string[];
  readonly ip?: string;
  readonly asset?: string;
  readonly action?: string;
}

export const jan1st = (yearsFromNow: number) => `${new Date().getUTCFullYear() + yearsFromNow}-01-01T00:00:00Z`;

/** A system with the verbs that the tests need. */
export class Tester {
  readonly asAdmin: ReturnType<typeof callerOf>;

  constructor(readonly system: System) {
    this.asAdmin = callerOf(system.url, system.adminKey);
  }

  async createS4eKey(fields: {
    name?: string;
    scopes: readonly string[];
    expires_at?: string;
    plan?: string;
    allowed_ips?: readonly string[];
  }): Promise<S4eKey> {
    const answer = await this.asAdmin('POST', '/api/keys', { name: 'test', ...fields });
    if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
    return answer.json<{ data: S4eKey }>().data;
  }

  /** What each node of enforcement says to the calling service: its status and its reason. */
  async checks(credential: string, call: CheckedCall = {}): Promise<readonly string[]> {
    const answers = await Promise.all(this.system.enforcementUrls.map((url) => this.checkAt(url, credential, call)));
    return answers.map((answer) => {
      const { status, reason } = answer.json<{ status: number; reason: string | null }>();
      return reason === null ? String(status) : `${status} ${reason}`;
    });
  }

  /** The same answer of every node. */
  everywhere(answer: string): readonly string[] {
    return this.system.enforcementUrls.map(() => answer);
  }

  checkAt(url: string, credential: string, fields: object = {}): Promise<Answer> {
    return call(url, { method: 'POST', path: '/v1/check', body: { credential, ...fields } });
  }

  /** The sample API of the documents. */
  getAssets(headers: Readonly<Record<string, string>>): Promise<Answer> {
    return call(this.system.assetsUrl, { path: '/api/assets', headers });
  }

  addAssets(credential: string): Promise<Answer> {
    return callerOf(this.system.assetsUrl, credential)('POST', '/asset/handler/bulk-asset-add', {
      assets: ['example.com'],
    });
  }
}

/** One of the second spelling of the profile's commands: `Authorization: Bearer …`. */
export const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
