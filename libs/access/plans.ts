import type { Window } from '@latchkey/contracts';
import type { Plan, Profile } from './profiles/profile';

export const planByName = (profile: Profile, name: string): Plan | undefined =>
  profile.plans.find((plan) => plan.name === name);

/** The limits of a plan; undefined: the profile has no such plan. Empty: no limit. */
export const planWindows = (profile: Profile, name: string): readonly Window[] | undefined =>
  planByName(profile, name)?.windows;
