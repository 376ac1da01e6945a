import { allProfiles, profileByName } from '@latchkey/access';
import { z } from 'zod';

/** Name of a profile that this process knows. */
export const profileName = z.string().refine((name) => profileByName(name) !== undefined, {
  error: () => {
    const names = allProfiles().map(({ name }) => name);
    return `must be one of: ${names.join(', ')}.`;
  },
});
