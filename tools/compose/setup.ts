// setup.js <folder> <owner>: the one-shot container that hands out secrets before anything else starts.
import { handOut } from './hand-out';

const [folder = '', owner = ''] = process.argv.slice(2);

void handOut({ folder, owner: Number(owner) }).then(
  () => process.stdout.write('every container has its secrets\n'),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
