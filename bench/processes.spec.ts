import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuMicrosOf, familyOf, isNamed, nameIn, ticksIn } from './processes';

it('CPU time is read from behind a name that looks like fields', () => {
  const stat = '42 (node (1) 7) S 1 42 42 0 -1 4194304 900 0 0 0 120 30 0 0 20 0 11 0 5000';
  expect(ticksIn(stat)).toBe(150);
});

it('so is the name itself, and a process that is gone has none', () => {
  expect(nameIn('42 (node (1) 7) S 1 42')).toBe('node (1) 7');
  expect(isNamed('postgres', 2 ** 30)).toBe(false);
});

it('CPU time of several is known when that of each is', () => expect(cpuMicrosOf([process.pid, 2 ** 30])).toBeNull());

it('a family is a process, what it started and what that started, also in sessions of their own', async () => {
  const script = `require('node:child_process').spawn('sleep', ['60'], { detached: true }).once('spawn', () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { detached: true });
  await once(child.stdout, 'data');
  const [self, ...others] = familyOf(child.pid ?? 0);
  expect([self, others]).toEqual([child.pid, [expect.any(Number)]]);
  for (const pid of [...others, child.pid ?? 0]) process.kill(pid, 'SIGKILL');
});
