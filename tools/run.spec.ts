import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { signal } from '@latchkey/testing';

/** What `run` says of a program, and what the program says. */
const outputOf = (program: string, timeoutMs: number): readonly string[] =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { run } from ${JSON.stringify(path.join(__dirname, 'run.mjs'))};
       console.log(await run(['-e', process.argv[1]], { timeoutMs: ${timeoutMs} }));`,
      program,
    ],
    { encoding: 'utf8' },
  )
    .trim()
    .split('\n');

describe('a program that may hang', () => {
  it.each([
    [0, 'true'],
    [1, 'false'],
  ])('has ended with %i', (code, ended) => expect(outputOf(`process.exit(${code})`, 10_000)).toEqual([ended]));

  it('is ended when its time is over, with what it has started in a process group of its own', () => {
    const program = `const child = require('node:child_process').spawn('sleep', ['60'], { detached: true });
      child.once('spawn', () => console.log(child.pid));
      setInterval(() => undefined, 1_000);`;
    const [pid, ended] = outputOf(program, 1_000);
    expect(ended).toBe('false');
    expect(Number(pid)).toBeGreaterThan(0);
    expect(signal(Number(pid), 0)).toBe(false);
  });
});
