import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '@latchkey/testing';
import type { Failpoint } from '@latchkey/kernel';
import type { CrashCluster } from './crash-cluster';

const REACHED_WITHIN_MS = 45_000;

export const FAILPOINT_ACTIONS = ['error', 'pause', 'crash'] as const;
export type FailpointAction = (typeof FAILPOINT_ACTIONS)[number];

export interface FailpointOrder {
  readonly does: FailpointAction;
  /** Of a pause. */
  readonly ms?: number;
  /** Does it at this reach; default 1: the next. */
  readonly time?: number;
}

/** Needs a cluster that has preloaded this. */
export const ARM_FAILPOINTS = 'arm-failpoints.cjs';

/**
 * Arms a failpoint in a process that runs, and no other there.
 * @returns waits till it has been reached, and a pause is over; fails if it never is
 */
export async function arm(
  { dataDir }: CrashCluster,
  process: string,
  name: Failpoint,
  order: FailpointOrder,
): Promise<() => Promise<void>> {
  const folder = path.join(dataDir, process, 'failpoints');
  const file = path.join(folder, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(order));
  await rename(`${file}.new`, file);
  const sign = `${name}.${order.does === 'pause' ? 'over' : 'reached'}`;
  return () =>
    eventually(
      async () => {
        if (!(await readdir(folder)).includes(sign)) throw new Error(`${process} never reached ${name}`);
      },
      { timeoutMs: REACHED_WITHIN_MS },
    );
}
