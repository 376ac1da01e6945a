import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const programs = path.resolve(__dirname, '../../tools/backing');

export interface LoneServer {
  readonly url: string;
  readonly pid: number;
}

/** Runs a script of `tools/backing` that starts one server, says where it is, and ends with it or with us. */
export async function launchAlone(
  script: string,
  args: readonly (string | number)[],
  env: Readonly<Record<string, string>> = {},
): Promise<LoneServer> {
  const child = spawn(process.execPath, [path.join(programs, script), ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${script} did not start`)));
  const line = await Promise.race([ended, once(child.stdout, 'data')]);
  ended.catch(() => undefined); // its end is no news from here on
  return JSON.parse(String(line[0])) as LoneServer;
}
