import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { FileSpoolOptions } from '../file-spool';

const root = path.resolve(__dirname, '../../..');

/** Another process that has a spool. `kill`: by SIGKILL, resolves when it is gone. */
export async function spawnSpoolHolder(
  options: Pick<FileSpoolOptions, 'folder' | 'boot'>,
): Promise<{ kill(): Promise<void> }> {
  const script = path.join(__dirname, 'spool-holder.ts');
  const register = path.join(root, 'tools/swc/register.cjs');
  const holder = spawn(process.execPath, ['--expose-gc', '-r', register, script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'exit').then(() => Promise.reject(new Error('the holder of the spool ended'))),
  ]);
  return {
    async kill() {
      const gone = once(holder, 'exit');
      holder.kill('SIGKILL');
      await gone;
    },
  };
}
