import { HttpConnection } from '../load/http-connection';
import { formRequest, postRequest } from '../load/http-load';
import { patiently } from '../load/patiently';
import { processOf, REQUESTERS, type Latchkey } from './latchkey';

/** An OAuth application, and where it calls from. */
export interface Application {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly ip: string;
}

/** As much as the keys may that are checked beside them, and with as many windows and addresses. */
const NEW_APPLICATION = {
  name: 'Nightly inventory',
  scopes: ['assets:read', 'alerts:read'],
  allowed_ips: ['203.0.113.0/24', '198.51.100.0/24'],
  plan: 'enterprise',
} as const;
export const SCOPES: readonly string[] = NEW_APPLICATION.scopes;
const GRANT = { grant_type: 'client_credentials', scope: SCOPES.join(' ') } as const;
const ADDRESSES = 254;

/** Registers so many, several at once. */
export async function createApplications(
  { cluster, adminKey }: Latchkey,
  count: number,
): Promise<readonly Application[]> {
  const { url } = processOf(cluster, 'oauth');
  const request = postRequest('/api/v1/oauth-applications', NEW_APPLICATION, { Authorization: `Bearer ${adminKey}` });
  return severalAtOnce(url, Array.from({ length: count }), async (connection, _, index) => {
    const answer = JSON.parse((await connection.send(request)).toString()) as Registered;
    const ip = `203.0.113.${1 + (index % ADDRESSES)}`;
    return { clientId: answer.client_id, clientSecret: answer.client_secret, ip };
  });
}

interface Registered {
  readonly client_id: string;
  readonly client_secret: string;
}

/** Asks for a token as documented, identifier and secret in the body. */
export const tokenRequest = (application: Application, path = '/oauth/token'): Buffer =>
  formRequest(path, { ...GRANT, ...bodyOf(application) }, headersOf(application));

/** Asks about one's own token, and whether it is good from where its client is: that is what its address list is about. */
export const introspectionRequest = (application: Application, token: string, path = '/oauth/introspect'): Buffer =>
  formRequest(path, { token, ip: application.ip, ...bodyOf(application) }, headersOf(application));

/** An access token of each of them, in their order. */
export const accessTokens = (
  url: string,
  applications: readonly Application[],
  path?: string,
): Promise<readonly string[]> =>
  severalAtOnce(url, applications, async (connection, application) => {
    const answer = await connection.send(tokenRequest(application, path));
    return (JSON.parse(answer.toString()) as { access_token: string }).access_token;
  });

const bodyOf = ({ clientId, clientSecret }: Application) => ({ client_id: clientId, client_secret: clientSecret });
/** The services believe this machine. */
const headersOf = ({ ip }: Application) => ({ 'X-Forwarded-For': ip });

async function severalAtOnce<Item, Result>(
  url: string,
  items: readonly Item[],
  call: (connection: HttpConnection, item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const one = async () => {
    const connection = await HttpConnection.open(url);
    for (const [index, item] of left) results[index] = await patiently(() => call(connection, item, index));
    connection.close();
  };
  await Promise.all(Array.from({ length: REQUESTERS }, one));
  return results;
}
