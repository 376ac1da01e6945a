// Containers by testcontainers, whose reaper removes them when this process is gone.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const dockerAnswers = () =>
  run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 2_500 }).then(
    () => true,
    () => false,
  );

/**
 * @param {{ image: string, port: number, hostPort?: number, env?: Record<string, string>, command?: string[], ready: RegExp, times?: number }} options
 * `times`: how often the line `ready` comes before the service is (Postgres restarts once while it sets itself up).
 */
export async function startContainer({ image, port, hostPort, env = {}, command, ready, times = 1 }) {
  const { GenericContainer, Wait } = await import('testcontainers');
  let container = new GenericContainer(image)
    .withEnvironment(env)
    .withExposedPorts(hostPort === undefined ? port : { container: port, host: hostPort })
    .withWaitStrategy(Wait.forLogMessage(ready, times))
    .withStartupTimeout(300_000);
  if (command !== undefined) container = container.withCommand(command);
  const started = await container.start();
  return { host: started.getHost(), port: started.getMappedPort(port), stop: () => started.stop() };
}
