export * from './access-token';
export * from './carriers';
export * from './client-secret';
export * from './containment';
export * from './credential';
export * from './cross-site';
export { denialReasonAt, type AccessDenial, type AccessRequest, type Ending } from './decision/access-request';
export { decideAccess } from './decision/decide-access';
export {
  clientGrant,
  decideClient,
  subjectsOfClient,
  type ClientGrant,
  type ClientRequest,
  type ShownByClient,
} from './decision/decide-client';
export { decideByOwners, type OwnersVerdict } from './decision/decide-by-owners';
export { grantorsOwn } from './decision/grantors-own';
export { decideCredential, firstSubjectsOf } from './decision/decide-credential';
export { decideGranted, type GoodCredential } from './decision/decide-granted';
export { decideSession, isCurrentToken } from './decision/decide-session';
export { boundOf, rightsIn, roleIn, scopesOfMember, setIdsIn, setRefs, type MemberRights } from './decision/members';
export { principalOf } from './decision/principal';
export { replacedSecret, type ReplacedSecret } from './decision/replaced-secret';
export { tenantOf } from './decision/tenant';
export * from './foreign-keys';
export * from './grant';
export * from './grant-changes';
export * from './ip/client-ip';
export { formatIpAddress, parseIpAddress, type IpAddress } from './ip/ip-address';
export { ipAllowed, ipMatcher, type IpMatcher } from './ip/ip-list';
export * from './ip/network';
export { parseIpRange, type IpRange, type ParsedIpRange } from './ip/ip-range';
export * from './key-format';
export * from './live-secrets';
export * from './mask-keys';
export * from './plans';
export { problemsBeside, problemsOf, spellingsOf } from './profiles/assert-profile';
export {
  ADMIN_SCOPE,
  adminScope,
  BASE62,
  HEADER_FORMS,
  perDay,
  perMinute,
  perSecond,
  SYSTEM_SCOPES,
  UNLIMITED_PLAN,
  unlimitedPlan,
} from './profiles/common';
export type * from './profiles/profile';
export { addProfiles, allProfiles, profileByName, PROFILES } from './profiles/registry';
export * from './recorded-text';
export * from './requested';
export { scopesOfRole } from './roles';
export * from './scope-sets';
export * from './scopes';
export type { RandomBytes } from './secret-format';
export * from './session-token';
