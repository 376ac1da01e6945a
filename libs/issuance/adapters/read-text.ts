import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Far more than the documents that are read have. */
const BYTES_MAX = 262_144;

/** The text of a file (`file:`), or at an address. @throws Error when it cannot be had in time, or is too long */
export async function readText(url: string, timeoutMs: number): Promise<string> {
  if (new URL(url).protocol === 'file:') return fileText(fileURLToPath(url));
  const reply = await fetch(url, {
    headers: { accept: 'application/json', 'user-agent': 'latchkey' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!reply.ok || reply.body === null) throw new Error(`status ${reply.status}`);
  return collected(reply.body);
}

async function fileText(path: string): Promise<string> {
  const file = await open(path);
  try {
    return await collected(file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
}

async function collected(chunks: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts).toString('utf8');
}
