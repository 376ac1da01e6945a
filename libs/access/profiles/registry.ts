import { assertProfiles } from './assert-profile';
import { latchkey } from './latchkey';
import type { Profile } from './profile';
import { s4e } from './s4e';
import { slaunch } from './slaunch';
import { zshield } from './zshield';

export const PROFILES: readonly Profile[] = [s4e, zshield, slaunch, latchkey];
assertProfiles(PROFILES);

const byName = new Map<string, Profile>(PROFILES.map((profile) => [profile.name, profile]));
const byPrefix = new Map<string, Profile>(PROFILES.map((profile) => [profile.key.prefix, profile]));

export const profileByName = (name: string): Profile | undefined => byName.get(name);

/** The profile whose keys begin with `<prefix>_`. */
export const profileOfPrefix = (prefix: string): Profile | undefined => byPrefix.get(prefix);
