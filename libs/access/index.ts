export * from './carriers';
export * from './containment';
export * from './credential';
export {
  decideAccess,
  denialReasonAt,
  type AccessDenial,
  type AccessRequest,
  type Ending,
} from './decision/decide-access';
export { principalOf } from './decision/principal';
export * from './ip/client-ip';
export { formatIpAddress, parseIpAddress, type IpAddress } from './ip/ip-address';
export { ipAllowed, ipMatcher, type IpMatcher } from './ip/ip-list';
export { parseIpRange, type IpRange, type ParsedIpRange } from './ip/ip-range';
export * from './key-format';
export * from './mask-keys';
export * from './plans';
export { assertProfile, assertProfiles, randomBits, spellingsOf } from './profiles/assert-profile';
export { ADMIN_SCOPE, HEADER_FORMS, UNLIMITED_PLAN } from './profiles/common';
export type * from './profiles/profile';
export { profileByName, profileOfPrefix, PROFILES } from './profiles/registry';
export { scopesOfRole } from './roles';
export * from './scopes';
