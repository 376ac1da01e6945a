import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { fileVariable, knownVariables } from './variables';

/** The configuration cannot be used. The message names every variable that is wrong, and never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`the configuration is refused:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A rule over several variables; answers what is wrong, beginning with the name of the variable to mend. */
export type ConfigRule<Config> = (config: Config) => string | undefined;

const OWN_PREFIX = 'LATCHKEY_';
const TYPO_DISTANCE_MAX = 3;

/** Levenshtein distance: how many single-character edits lead from `a` to `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function unknownProblems(env: Environment, known: readonly string[]): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(OWN_PREFIX) && !known.includes(name))
    .map((name) => {
      const [nearest] = known
        .map((candidate) => ({ candidate, distance: distance(name, candidate) }))
        .sort((a, b) => a.distance - b.distance);
      const hint = nearest && nearest.distance <= TYPO_DISTANCE_MAX ? ` Did you mean ${nearest.candidate}?` : '';
      return `${name}: there is no such variable.${hint}`;
    });
}

interface Given {
  readonly value?: string;
  readonly problem?: string;
}

/** The value of a variable: its own, or, for a secret, what the file holds that `<name>_FILE` names. */
function givenOf(name: string, env: Environment): Given {
  const own = env[name];
  const variable = fileVariable(name);
  const file = variable === undefined ? undefined : env[variable];
  if (!file) return own ? { value: own } : {};
  if (own) return { problem: `${variable}: must not be there beside ${name}.` };
  try {
    const value = readFileSync(file, 'utf8').trim();
    return value === '' ? { problem: `${variable}: names an empty file.` } : { value };
  } catch {
    return { problem: `${variable}: names a file that cannot be read.` };
  }
}

/**
 * Reads the variables of `schema` from `env`; an empty one counts as absent, and a secret may come as a file (`<name>_FILE`).
 * Unsafe or unknown configuration ends the start: a misspelt variable would else leave its default in force, unnoticed.
 * @throws ConfigError
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment,
  rules: readonly ConfigRule<z.output<z.ZodObject<Shape>>>[] = [],
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const read = names.map((name) => ({ name, ...givenOf(name, env) }));
  const given = Object.fromEntries(read.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
  const problems = unknownProblems(env, [...new Set([...knownVariables, ...names])]);
  problems.push(...read.flatMap(({ problem }) => problem ?? []));
  const result = schema.safeParse(given);
  if (!result.success) {
    for (const { path, message } of result.error.issues) {
      const name = String(path[0]);
      if (name in given) problems.push(`${name}: ${message}`);
      else if (!read.some((each) => each.name === name && each.problem)) problems.push(`${name}: is required.`);
    }
    throw new ConfigError(problems);
  }
  for (const rule of rules) problems.push(...[rule(result.data) ?? []].flat());
  if (problems.length > 0) throw new ConfigError(problems);
  return result.data;
}
