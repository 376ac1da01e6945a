import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const PACKAGE = path.resolve(__dirname, '../../packages/python');

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a snippet of the S4E documents as it stands there, with a key where the text says to put one, and this installation where it names its own.
 * @param url where the snippet's API is
 * @param netrc file with logins of hosts, which some programs go by
 */
export async function runSnippet(
  python: string,
  name: string,
  { url, key, netrc }: { url: string; key: string; netrc?: string },
): Promise<Ended> {
  const text = await readFile(path.join(__dirname, name), 'utf8');
  const program = text.replace('https://api.s4e.io', url).replace(/YOUR_API_(KEY|TOKEN)/, key);
  const env = {
    PATH: process.env['PATH'],
    PYTHONPATH: PACKAGE,
    PYTHONDONTWRITEBYTECODE: '1',
    S4E_BASE_URL: url,
    ...(netrc !== undefined && { NETRC: netrc }),
  };
  const running = run(python, ['-'], { timeout: TIMEOUT_MS, env });
  running.child.stdin?.end(program);
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { readonly code?: unknown; readonly stdout?: unknown; readonly stderr?: unknown }) => ({
      code: typeof error.code === 'number' ? error.code : -1,
      out: String(error.stdout),
      err: String(error.stderr),
    }),
  );
}
