import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@latchkey/testing';
import { parse } from 'yaml';
import type { Container } from '../../tools/compose/container';
import { productionTree } from './production-tree';
import { standIns } from './stand-ins';
import { UndoStack } from './undo-stack';

const run = promisify(execFile);
const composeFile = path.resolve(__dirname, '../../docker-compose.yml');
const HEALTHY_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

export interface CompositionOptions {
  /** In the environment of `docker compose`. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Composition {
  /** Base address of a container's HTTP. */
  urlOf(name: string): string;
  /** Its address. */
  addressOf(name: string): string;
  /** A file of a container. */
  read(name: string, file: string): Promise<string>;
  /** What every container has in its environment, by its name. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Runs one that ends by itself again, as every `up` does. */
  runAgain(name: string): Promise<void>;
  /** Asks every container to end. Answers their exit codes. */
  stop(): Promise<readonly (number | null)[]>;
}

/** A container as a process: with a folder for its root, and an address of the loopback for itself. */
export interface ContainerProcess {
  readonly name: string;
  readonly folder: string;
  readonly address: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly container: Container;
}

/**
 * The containers of docker-compose.yml as processes of this machine: ours with the image's tree, their variables, volumes, names and health
 * checks, those of others with programs that stand in for their images. Without an engine there is nothing of what an engine adds: users, networks, a file system that cannot be written.
 */
export async function startComposition(options: CompositionOptions): Promise<Composition> {
  const { result, undo } = await UndoStack.whole((undo) => start(options, undo));
  return {
    ...result,
    async stop() {
      const codes = await result.stop();
      await undo.undo();
      return codes;
    },
  };
}

async function start({ env }: CompositionOptions, undo: UndoStack): Promise<Composition> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-composition-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const image = path.join(folder, 'image');
  await productionTree(image);
  const processes = processesOf(await readFile(composeFile, 'utf8'), env, folder);
  const names = JSON.stringify(Object.fromEntries(processes.map(({ name, address }) => [name, address])));
  for (const each of processes) await mount(each, folder);

  const launch = ({ command, env: own }: ContainerProcess) =>
    spawn(process.execPath, ['--enable-source-maps', ...command], {
      cwd: image,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        ...own,
        NODE_OPTIONS: `--require ${path.join(__dirname, 'container-names.cjs')}`,
        NAMES: names,
      },
    });

  const find = (name: string) => {
    const found = processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no container ${name}`);
    return found;
  };
  const [setup, rights] = [find('setup'), find('rights')];
  await completed(setup, launch(setup));
  await Promise.all(Object.entries(standIns).map(([name, standIn]) => standIn(find(name), undo)));
  await completed(rights, launch(rights));

  const services = processes.filter((each) => ![setup, rights].includes(each) && !(each.name in standIns));
  const running = services.map((each) => ({ each, ...withOutput(launch(each)) }));
  undo.push(() => Promise.all(running.map(({ child }) => end(child))));
  await Promise.all(running.map(({ each, child, output }) => healthy(each, child, output)));

  return {
    addressOf: (name) => find(name).address,
    urlOf: (name) => `http://${find(name).address}:8080`,
    read: (name, file) => readFile(path.join(find(name).folder, file), 'utf8'),
    runAgain: (name) => completed(find(name), launch(find(name))),
    environments: Object.fromEntries(services.map(({ name, env: own }) => [name, own])),
    stop: () => Promise.all(running.map(({ child }) => end(child))),
  };
}

function processesOf(text: string, env: Readonly<Record<string, string>>, folder: string): readonly ContainerProcess[] {
  const { services } = parse(text, (_, value: unknown) =>
    typeof value === 'string' ? interpolated(value, env) : value,
  ) as {
    services: Record<string, Container>;
  };
  const network = `127.${1 + (process.pid % 250)}.57`;
  return Object.entries(services)
    .filter(([name, container]) => container.build !== undefined || name in standIns)
    .map(([name, container], index) => {
      const own = path.join(folder, name);
      const address = `${network}.${index + 1}`;
      const placed = placer(container, own);
      const variables = Object.entries(container.environment ?? {}).map(([key, value]) => [key, placed(value)]);
      return {
        ...{ name, folder: own, address, container },
        // Files are given to whoever runs this.
        command: (container.command ?? []).map((part) => (part === '1000' ? String(process.getuid?.()) : placed(part))),
        env: {
          ...(Object.fromEntries(variables) as Record<string, string>),
          ...{ HOST: address, ADMIN_HOST: address },
          // The loopback has one sender for all of its addresses.
          ...(name !== 'edge' && { TRUSTED_PROXIES: '127.0.0.1' }),
        },
      };
    });
}

/** `${NAME:-preset}` and `${NAME:+what stands there if it is set}`, as compose fills them in. */
const interpolated = (text: string, env: Readonly<Record<string, string>>) =>
  text.replaceAll(/\$\{(\w+):([-+])([^}]*)\}/g, (_, name: string, sign: string, other: string) => {
    const value = env[name] ?? '';
    if (sign === '+') return value === '' ? '' : other;
    return value === '' ? other : value;
  });

const targetsOf = ({ volumes = [] }: Container) =>
  volumes.map((each) => {
    const [volume = '', target = ''] = each.split(':');
    return { volume, target };
  });

/** Turns a path of the container into one of its folder. */
function placer(container: Container, folder: string): (text: string) => string {
  const tops = targetsOf(container).map(({ target }) => target.split('/').slice(0, 2).join('/'));
  return (text) => (tops.some((top) => text === top || text.startsWith(`${top}/`)) ? path.join(folder, text) : text);
}

async function mount({ container, folder }: ContainerProcess, root: string): Promise<void> {
  for (const { volume, target } of targetsOf(container)) {
    const place = path.join(folder, target);
    await mkdir(path.join(root, 'volumes', volume), { recursive: true });
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(path.join(root, 'volumes', volume), place);
  }
}

function withOutput(child: ChildProcess) {
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (written = (written + chunk.toString()).slice(-10_000)));
  }
  return { child, output: () => written };
}

async function completed({ name }: ContainerProcess, child: ChildProcess): Promise<void> {
  const { output } = withOutput(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${output()}`);
}

/** By its own health check, which asks its own loopback. */
async function healthy({ name, address, container }: ContainerProcess, child: ChildProcess, output: () => string) {
  const [, program = '', ...given] = container.healthcheck?.test ?? [];
  if (program !== 'node') throw new Error(`${name} is not asked with Node how it is`);
  const args = given.map((each) => each.replaceAll('127.0.0.1', address));
  await eventually(
    async () => {
      if (child.exitCode !== null) return;
      await run(process.execPath, args).catch(() => {
        throw new Error(`${name} is not healthy:\n${output()}`);
      });
    },
    { timeoutMs: HEALTHY_MS_MAX, everyMs: 250 },
  );
  if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${output()}`);
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(cut);
  return child.exitCode;
}
