import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { addProfiles, allProfiles, problemsBeside, problemsOf, type Profile } from '@latchkey/access';
import { isAppError } from '@latchkey/kernel';
import { ConfigError, type Environment } from '../config/load-config';
import { parseInput } from '../http/zod-pipes';
import { profileSchema } from './profile-schema';
import { readYaml, type PlacedYaml } from './yaml-places';

const VARIABLE = 'LATCHKEY_PROFILES_DIR';

/**
 * Adds the profiles of the folder that `LATCHKEY_PROFILES_DIR` names to this process's. Before the rest of the configuration is read: that
 * may name one of them.
 * @throws ConfigError that names the file, the line and what is wrong there
 */
export function useProfileFiles(env: Environment): void {
  const folder = env[VARIABLE];
  if (!folder) return;
  const profiles: Profile[] = [];
  for (const file of filesIn(folder)) profiles.push(readProfile(file, [...allProfiles(), ...profiles]));
  addProfiles(profiles);
}

/** In order of their names, so that every process names the same one of two that clash. */
function filesIn(folder: string): readonly string[] {
  const names = reading(folder, () => readdirSync(folder));
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw new ConfigError([`${VARIABLE}: there is no YAML file in ${folder}.`]);
  return files.map((name) => path.join(folder, name));
}

/** @throws ConfigError */
export function readProfile(file: string, others: readonly Profile[]): Profile {
  const refused = (line: number, problem: string) => new ConfigError([`${VARIABLE}: ${file}:${line}: ${problem}`]);
  const yaml = readYaml(reading(file, () => readFileSync(file, 'utf8')));
  if ('problem' in yaml) throw refused(yaml.line, yaml.problem);
  const profile = parsed(yaml, refused);
  for (const { at, problem } of [...problemsOf(profile), ...problemsBeside(profile, others)])
    throw refused(yaml.lineOf(at.map(asWritten)), `${problem}.`);
  return profile;
}

function parsed({ value, lineOf }: PlacedYaml, refused: (line: number, problem: string) => ConfigError): Profile {
  try {
    return parseInput(profileSchema, value, 'file');
  } catch (error) {
    if (!isAppError(error)) throw error;
    const steps = error.field?.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step)) ?? [];
    throw refused(lineOf(steps), error.public);
  }
}

/** `defaultPlan` is `default_plan` in a file. */
const asWritten = (step: string | number) =>
  typeof step === 'number' ? step : step.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function reading<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch {
    throw new ConfigError([`${VARIABLE}: ${what} cannot be read.`]);
  }
}
