import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Contender, Load } from '../contender';
import { cpuMicros } from '../processes';
import { tableText } from '../report';
import { selfTimes, type CpuProfile, type SelfTime } from './self-time';

const ROWS = 25;
const WRITTEN_MS_MAX = 30_000;

export interface ProfileOptions {
  readonly load: Load;
  readonly warmUpSeconds: number;
  readonly folder: string;
  readonly markdown: boolean;
}

/** Where each contender's time goes under load. The profiles stay in the folder, for tools that draw them. */
export async function showProfiles(contenders: readonly Contender[], options: ProfileOptions): Promise<void> {
  for (const contender of contenders.filter(({ pid }) => pid !== process.pid)) {
    const { profile, micros } = await record(contender, options);
    const { groups, functions } = selfTimes(profile);
    console.log(`\n${contender.name}: ${contender.title}\n`);
    console.log(tableText(rowsOf('where', groups, micros), options.markdown));
    console.log(`\n${tableText(rowsOf('function', functions, micros), options.markdown)}`);
  }
}

async function record(contender: Contender, options: ProfileOptions) {
  const { name, pid } = contender;
  const written = path.join(options.folder, `${pid}.cpuprofile`);
  const file = path.join(options.folder, `${name}.cpuprofile`);
  await contender.load({ ...options.load, seconds: options.warmUpSeconds });
  await rm(written, { force: true });
  process.kill(pid, 'SIGUSR2');
  const before = cpuMicros(pid);
  const { count } = await contender.load(options.load);
  const after = cpuMicros(pid);
  process.kill(pid, 'SIGUSR2');
  const deadline = Date.now() + WRITTEN_MS_MAX;
  while (
    !(await rename(written, file).then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > deadline) throw new Error(`${name} wrote no profile`);
    await pause(100);
  }
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  return { profile, micros: before === null || after === null ? null : (after - before) / count };
}

const rowsOf = (heading: string, times: readonly SelfTime[], micros: number | null) => [
  [heading, 'share', 'each'],
  ...times
    .slice(0, ROWS)
    .map(({ name, share }) => [
      name,
      `${(share * 100).toFixed(1)} %`,
      micros === null ? '' : `${(share * micros).toFixed(2)} µs`,
    ]),
];
