import { adminScope, HEADER_FORMS, mixedCaseKey, perMinutePlans, SYSTEM_SCOPES } from './common';
import type { Profile } from './profile';
import { shieldScopes } from './zshield';

/** The profile of who has no product of the documents to follow (C24). */
export const latchkey: Profile = {
  name: 'latchkey',
  key: mixedCaseKey('lk'),
  scopes: [...shieldScopes, adminScope(), ...SYSTEM_SCOPES],
  plans: perMinutePlans,
  defaultPlan: 'standard',
  envelope: 'problem',
  credentialForms: HEADER_FORMS,
  accessTokenType: 'at+jwt',
};
