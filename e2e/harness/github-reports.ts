import { generateKeyPairSync, sign } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { call, type Answer } from './http';

const KEY_ID = 'e2e';

/** GitHub's secret scanning, with a key of its own that it has published in a file. */
export class GithubReports {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #folder: string | null = null;

  /** @returns where its public keys are */
  async publishedKeys(): Promise<string> {
    this.#folder = await mkdtemp(path.join(tmpdir(), 'latchkey-e2e-github-'));
    await chmod(this.#folder, 0o755);
    const file = path.join(this.#folder, 'keys.json');
    const key = this.#keys.publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(file, JSON.stringify({ public_keys: [{ key_identifier: KEY_ID, key, is_current: true }] }));
    return pathToFileURL(file).href;
  }

  /** Says that the token was found in public. */
  report(baseUrl: string, token: string): Promise<Answer> {
    const found = { token, type: 'latchkey_key', url: 'https://git.example/octocat/hello/config.py', source: 'commit' };
    const body = JSON.stringify([found]);
    const signature = sign('sha256', Buffer.from(body), this.#keys.privateKey).toString('base64');
    const headers = { 'github-public-key-identifier': KEY_ID, 'github-public-key-signature': signature };
    return call(baseUrl, { method: 'POST', path: '/api/v1/leaks/github', headers, body });
  }

  async close(): Promise<void> {
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
  }
}
