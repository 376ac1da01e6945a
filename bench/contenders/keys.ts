import { CursorCodec, secretFromDataDir } from '@latchkey/platform';
import type { Contender } from '../contender';
import { backendsOf, fillKeys, keyBehind } from '../keys/fill-keys';
import { HttpConnection } from '../load/http-connection';
import { getRequest, httpLoad } from '../load/http-load';
import { patiently } from '../load/patiently';
import { isNamed } from '../processes';
import type { World } from '../world';
import { createKeyRequest, processOf, startLatchkey, type Latchkey } from './latchkey';

/** A Latchkey of its own whose workspace has so many keys. */
export interface FilledLatchkey extends Latchkey {
  readonly workspaceId: string;
  readonly keyCount: number;
}

const PATH = '/api/v1/api-keys';
/** Keys on a page: 1,000,000 are 10,000 pages. */
const PAGE = 100;
const HAS_NEXT = '"next_cursor":"';
const POSTGRES = 'postgres';
/** In a workspace that has few. */
const FEW_KEYS = 1_000;
const DAY_MS = 24 * 3_600_000;

/** One key is created as any other; the rest are copies of its rows. */
export async function startFilledLatchkey(world: World, keyCount: number): Promise<FilledLatchkey> {
  const latchkey = await startLatchkey(world, 'RS256', 0);
  const { id } = await answerOf(latchkey, createKeyRequest(latchkey.adminKey));
  await fillKeys(latchkey.databaseUrl, id, keyCount);
  // By now enforcement has forgotten the key that is shown, and asks about it again: before all callers at once do.
  const { workspace_id: workspaceId } = await answerOf(latchkey, getRequest('/api/v1/me', headersOf(latchkey)));
  return { ...latchkey, workspaceId, keyCount };
}

async function answerOf({ cluster }: Latchkey, request: Buffer): Promise<Answer> {
  const connection = await HttpConnection.open(processOf(cluster, 'issuance').url);
  try {
    const answer = await patiently(() => connection.send(request));
    return JSON.parse(answer.toString()) as Answer;
  } finally {
    connection.close();
  }
}

interface Answer {
  readonly id: string;
  readonly workspace_id: string;
}

export const firstPage = (world: World): Promise<Contender> => keyPages(world, 'first-page', 'page 1', () => ({}));

/** By a cursor as the page before it has it. */
export const lastPage = async (world: World): Promise<Contender> => {
  const pages = Math.floor(world.listedKeys / PAGE);
  return keyPages(world, 'last-page', `page ${pages}, by its cursor`, async (latchkey) => ({
    cursor: await cursorAfter(latchkey, (pages - 1) * PAGE),
  }));
};

export const pageByName = (world: World): Promise<Contender> =>
  keyPages(world, 'by-name', 'page 1 of those with "ab" in their name, 3 in 100', () => ({ name: 'ab' }));

export const pageByStatus = (world: World): Promise<Contender> =>
  keyPages(world, 'by-status', 'page 1 of the active ones, which all are', () => ({ status: 'active' }));

export const pageByExpiry = (world: World): Promise<Contender> =>
  keyPages(world, 'by-expiry', 'page 1 of those that expire within 545 days, 1 in 6', () => ({
    expires_before: new Date(Date.now() + 545 * DAY_MS).toISOString(),
  }));

/** The same command in a workspace that has many keys, and in one that has few. */
export const creatorAmongMany = (world: World): Promise<Contender> => keyCreator(world, 'create', world.listedKeys);
export const creatorAmongFew = (world: World): Promise<Contender> => keyCreator(world, 'create-among-few', FEW_KEYS);

async function keyPages(
  world: World,
  name: string,
  which: string,
  query: (latchkey: FilledLatchkey) => Query | Promise<Query>,
): Promise<Contender> {
  const latchkey = await world.filledLatchkey(world.listedKeys);
  const asked = new URLSearchParams({ limit: String(PAGE), ...(await query(latchkey)) });
  const request = getRequest(`${PATH}?${asked.toString()}`, headersOf(latchkey));
  return ofIssuance(
    world,
    latchkey,
    name,
    `GET ${PATH}, ${PAGE} of ${many(latchkey)} keys: ${which}`,
    request,
    HAS_NEXT,
  );
}

type Query = Readonly<Record<string, string>>;

async function keyCreator(world: World, name: string, keyCount: number): Promise<Contender> {
  const latchkey = await world.filledLatchkey(keyCount);
  const title = `POST ${PATH} in a workspace of ${many(latchkey)} keys`;
  return ofIssuance(world, latchkey, name, title, createKeyRequest(latchkey.adminKey), '"key"');
}

/** What Postgres does for the answers counts as well: a list that costs more with every key would cost it there. */
function ofIssuance(
  world: World,
  { cluster, databaseUrl }: FilledLatchkey,
  name: string,
  title: string,
  request: Buffer,
  expected: string,
): Contender {
  const { url, pid } = processOf(cluster, 'issuance');
  world.pin(pid);
  const helpers: number[] = [];
  return {
    name,
    title: `${title}; CPU is that of issuance and of its connections in Postgres`,
    pid,
    helpers,
    async load(load) {
      const measured = await httpLoad({ url, requests: [request], expected }, load);
      // Those that have just worked go on.
      const backends = await backendsOf(databaseUrl);
      helpers.splice(0, helpers.length, ...backends.filter((each) => isNamed(POSTGRES, each)));
      return measured;
    },
  };
}

/** What the list says is next when so many have been shown. */
async function cursorAfter(latchkey: FilledLatchkey, shown: number): Promise<string> {
  const codec = new CursorCodec(await secretFromDataDir(latchkey.dataDir, 'master-key'));
  const { createdAt, keyId } = await keyBehind(latchkey.databaseUrl, latchkey.workspaceId, shown - 1);
  const after = [createdAt.toISOString(), keyId];
  return codec.encode(`api-keys:${latchkey.workspaceId}`, { sort: 'created:desc', after, query: {} });
}

const headersOf = ({ adminKey }: Latchkey) => ({ Authorization: `Bearer ${adminKey}` });

const many = ({ keyCount }: FilledLatchkey): string => keyCount.toLocaleString('en');
