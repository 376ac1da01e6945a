import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { World } from '../world';

/** What a program of ours that is measured says when it is ready: where it listens. */
export interface Ready {
  readonly port: number;
}

/** Starts a program in a process of its own, sends it `options` and waits for its first message. It ends with this process, however that ends. */
export async function startPeer<Started = Ready>(
  world: World,
  program: string,
  options: object,
): Promise<{ readonly child: ChildProcess; readonly pid: number; readonly started: Started }> {
  const child = fork(program, [], {
    execArgv: [...world.nodeArguments],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      ...world.profileVariables,
    },
  });
  world.onEnd(() => void child.kill());
  child.send(options);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ended with ${code} before it was ready`);
  });
  const [started] = (await Promise.race([once(child, 'message'), ended])) as [Started];
  ended.catch(() => undefined);
  if (child.pid === undefined) throw new Error(`${program} does not run`);
  world.pin(child.pid);
  return { child, pid: child.pid, started };
}
