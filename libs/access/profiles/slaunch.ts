import { adminScope, HEADER_FORMS, mixedCaseKey, perMinutePlans, SYSTEM_SCOPES } from './common';
import type { Profile } from './profile';

/** S-Launch: source S4. Its scope page is not supplied, so the catalogue is C24's. */
export const slaunch: Profile = {
  name: 'slaunch',
  key: mixedCaseKey('sla'),
  scopes: [
    { canonical: 'store:read', description: 'Read the store.' },
    { canonical: 'store:write', description: 'Change the store.' },
    adminScope({ hidden: true }),
    ...SYSTEM_SCOPES,
  ],
  plans: perMinutePlans,
  defaultPlan: 'standard',
  envelope: 'problem',
  credentialForms: HEADER_FORMS,
  accessTokenType: 'at+jwt',
};
