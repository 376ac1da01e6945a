import { assertProfiles } from './assert-profile';
import { latchkey } from './latchkey';
import type { Profile } from './profile';
import { s4e } from './s4e';
import { slaunch } from './slaunch';
import { zshield } from './zshield';

/** Those that come with Latchkey. */
export const PROFILES: readonly Profile[] = [s4e, zshield, slaunch, latchkey];

const indexed = (profiles: readonly Profile[]) => {
  assertProfiles(profiles);
  return {
    profiles,
    byName: new Map(profiles.map((profile) => [profile.name, profile])),
    byPrefix: new Map(profiles.map((profile) => [profile.key.prefix, profile])),
  };
};

let known = indexed(PROFILES);

/** Those that come with Latchkey, and those that were added. A new list whenever some are. */
export const allProfiles = (): readonly Profile[] => known.profiles;

/** Adds profiles to those of this process: at its start, before anything goes by them. @throws Error as `assertProfiles` does */
export function addProfiles(more: readonly Profile[]): void {
  known = indexed([...known.profiles, ...more]);
}

export const profileByName = (name: string): Profile | undefined => known.byName.get(name);

/** The profile whose keys begin with `<prefix>_`. */
export const profileOfPrefix = (prefix: string): Profile | undefined => known.byPrefix.get(prefix);
