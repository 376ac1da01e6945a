import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockFolder } from './folder-lock';

describe('the lock of a folder', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'latchkey-lock-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is refused while another process has it, by that process, and free once that one is gone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    await writeFile(path.join(folder, 'pid'), String(other.pid));
    await expect(lockFolder(folder)).rejects.toThrow(`is in use by process ${other.pid}`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const release = await lockFolder(folder);
    await release();
    await expect(lockFolder(folder)).resolves.toBeDefined();
  });
});
