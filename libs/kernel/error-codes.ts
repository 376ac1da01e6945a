/**
 * Every error code of the system with its public text. Codes are stable: a client may branch on them.
 * The status of each is in `libs/platform/http/status.ts`, which the compiler holds complete.
 */
export const errorCatalogue = {
  // The request
  'request.invalid': 'The request is not valid.',
  'request.malformed': 'The body is not valid JSON.',
  'request.too_large': 'The body is larger than 1 MB.',
  'request.unsupported_media_type': 'Send the body as application/json.',
  'request.multiple_credentials': 'The request carries two different credentials.',
  'request.idempotency_key_reused': 'This Idempotency-Key belongs to another request. Send a new one.',
  'request.invalid_cursor': 'The cursor is not one that this list gave out.',
  'route.not_found': 'There is nothing at this address.',
  'route.method_not_allowed': 'This address does not take that method.',
  // The caller
  'auth.unauthorized': 'Invalid or expired API key.',
  'auth.caller_unauthorized': 'The token of the service that asks for the check was not accepted.',
  'auth.token_expired': 'Session token has expired.',
  'auth.forbidden': 'The credential does not allow this.',
  'auth.mfa_required': 'This needs a second factor.',
  'auth.cross_site': 'A page of another site cannot do this in the name of its visitor.',
  'auth.captcha_required': 'Solve the captcha and try again.',
  'auth.rate_limited': 'Too many requests.',
  'auth.unavailable': 'The credential cannot be checked right now. Try again.',
  // Keys
  'key.not_found': 'API key not found.',
  'key.already_revoked': 'The API key is revoked.',
  'key.expired': 'The API key has expired.',
  'key.suspended': 'The API key is suspended. Resume it first.',
  'key.secret_already_issued':
    'An earlier request with this Idempotency-Key has made the secret, which is shown once. Rotate the key to get another one.',
  'key.last_admin':
    'The workspace would be left without an admin key like this one. Make another admin key and use that for this call. To end a secret that has leaked at once, rotate the key with a grace period of 0.',
  'key.exceeds_grantor': 'A key cannot have more than the credential that makes it.',
  'key.unknown_scope': 'Unknown scope.',
  'key.unknown_plan': 'Unknown plan.',
  'key.invalid_ip': 'Not an IP address or CIDR range.',
  'key.expiry_in_past': 'The expiry is in the past.',
  'key.unknown_prefix': 'Keys with this prefix are not taken here.',
  'key.secret_known': 'This secret is there already.',
  'leak.not_found': 'There is no such report.',
  'key.expiry_required': 'Keys of this workspace must have an expiry.',
  'key.lifetime_too_long': 'The key would live longer than keys of this workspace may.',
  // Scope sets
  'scope_set.not_found': 'There is no such scope set.',
  'scope_set.unknown': 'There is no such scope set.',
  'scope_set.name_taken': 'The workspace has another scope set of this name.',
  'scope_set.too_many': 'The workspace has as many scope sets as it can.',
  'scope_set.exceeds_grantor': 'A scope set cannot be given more than the credential that changes it has.',
  'scope_set.unknown_scope': 'Unknown scope.',
  'scope_set.admin_scope': 'The admin scope cannot be in a scope set.',
  // What assets there are
  'asset_source.not_allowed': 'The operator does not allow assets to be read from there.',
  'asset_source.unavailable': 'The list of assets cannot be read right now. Try again.',
  // OAuth applications
  'client.not_found': 'There is no such application.',
  'client.deleted': 'The application is deleted.',
  'client.too_many': 'The workspace has as many applications as it can. Delete those that nobody uses.',
  'client.secret_already_issued':
    'An earlier request with this Idempotency-Key has made the secret, which is shown once. Rotate it to get another one.',
  'client.exceeds_grantor': 'An application cannot have more than the credential that registers it.',
  'client.other_authentication': 'This application authenticates in another way.',
  'client.unknown_scope': 'Unknown scope.',
  'client.unknown_plan': 'Unknown plan.',
  'client.invalid_ip': 'Not an IP address or CIDR range.',
  // Signing keys of access tokens
  'signing_key.not_found': 'There is no such signing key.',
  'signing_key.next_too_new': 'The next signing key is so new that not all who verify tokens know it. Try again later.',
  // Users, members, invitations
  'user.not_found': 'There is no such user.',
  'member.exists': 'This is a member of the workspace already.',
  'member.too_many': 'The user is a member of as many workspaces as one can be.',
  'member.not_found': 'There is no such member of the workspace.',
  'member.last_owner': 'The workspace would be left without an owner.',
  'invitation.not_found': 'There is no such invitation.',
  'invitation.ended': 'The invitation was accepted or withdrawn, or has expired.',
  // Signing in
  'session.not_found': 'There is no such session.',
  'session.ended': 'The session has ended. Sign in again.',
  'session.token_replaced': 'This token has been traded in for a newer one.',
  'password.wrong': 'The current password is wrong.',
  'password.reset_ended': 'The link to reset the password was used already, or has expired. Ask for another one.',
  'password.refused': 'The new password is not acceptable.',
  'mfa.already_enrolled': 'This second factor is enrolled already.',
  'mfa.not_enrolled': 'This second factor is not enrolled.',
  'mfa.no_recovery_code': 'There are no recovery codes left.',
  'mfa.wrong_code': 'The code is wrong, has expired, or was used already.',
  'mfa.challenge_ended': 'The time for the second factor is over, or too many codes were wrong. Sign in again.',
  'mfa.enrolment_ended': 'The time to confirm the second factor is over, or too many codes were wrong. Begin again.',
  // Streams, stores, owners
  'stream.version_conflict': 'Somebody else changed this at the same time. Try again.',
  'stream.exists': 'This exists already.',
  'stream.not_found': 'This does not exist.',
  'claim.taken': 'This value is taken.',
  'service.unavailable': 'Not available right now. Try again.',
  'service.internal': 'Something went wrong on our side.',
} as const;

export type ErrorCode = keyof typeof errorCatalogue;
