/** Of a `.cpuprofile`, what is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** µs before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** Of the time in which the process did anything, 0 to 1. */
  readonly share: number;
}

export interface SelfTimes {
  /** Files of ours, packages, parts of Node. */
  readonly groups: readonly SelfTime[];
  readonly functions: readonly SelfTime[];
}

/** The time that is spent in functions themselves, not in what they call, the greatest first. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, place) => {
    const frame = frames.get(id);
    const micros = timeDeltas[place] ?? 0;
    if (frame === undefined || isOutside(frame)) return;
    const group = groupOf(frame.url, frame.functionName);
    const name = frame.url === '' ? group : `${frame.functionName || '(anonymous)'} (${group}:${frame.lineNumber + 1})`;
    groups.set(group, (groups.get(group) ?? 0) + micros);
    functions.set(name, (functions.get(name) ?? 0) + micros);
    busy += micros;
  });
  return { groups: byShare(groups, busy), functions: byShare(functions, busy) };
}

/** Idle, or what taking the profile costs. */
const isOutside = ({ functionName, url }: { readonly functionName: string; readonly url: string }): boolean =>
  url === '' && (functionName === '(idle)' || functionName === 'dispatch');

/** What a function belongs to, by the file that it is in. */
export function groupOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : `native ${functionName}`;
  const builtIn = /^node:(?:internal\/)?(?:deps\/)?([^/]+)/.exec(url)?.[1];
  if (builtIn !== undefined) return `node:${builtIn}`;
  const packages = url.split('/node_modules/');
  const last = packages.at(-1) ?? '';
  if (packages.length > 1) return last.split('/', last.startsWith('@') ? 2 : 1).join('/');
  return url.replace(/^.*\/(?:dist|bench)\/(?=libs|apps|packages|peers|bench)/, '');
}

const byShare = (micros: ReadonlyMap<string, number>, total: number): readonly SelfTime[] =>
  [...micros].map(([name, own]) => ({ name, share: own / total })).sort((a, b) => b.share - a.share);
