import { secretIdOf, type CredentialRef, type Principal } from '@latchkey/contracts';
import { profileByName } from '../profiles/registry';
import { displayScope } from '../scopes';
import { bodyOf, type KnownSubjects } from './known-subjects';

/** Who a credential stands for, from the subjects that decided its check; null while one of them is not known or does not exist. */
export function principalOf(credential: CredentialRef, known: KnownSubjects): Principal | null {
  const key = bodyOf(known, 'key', credential.keyId);
  const profile = profileByName(bodyOf(known, 'workspace', credential.workspaceId)?.profile ?? '');
  if (!key || !profile) return null;
  const ofSets = key.scopeSetIds.flatMap((id) => bodyOf(known, 'scope_set', id)?.scopes ?? []);
  return {
    kind: 'api_key',
    id: credential.keyId,
    secret_id: secretIdOf(credential.keyId, credential.secretNumber),
    workspace_id: key.workspaceId,
    user_id: key.userId,
    name: key.name,
    scopes: [...new Set([...key.scopes, ...ofSets])].map((scope) => displayScope(profile, scope)),
    assets: key.assets,
  };
}
