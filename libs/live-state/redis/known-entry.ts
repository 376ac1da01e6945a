import type { SubjectBody, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';

/** A parsed entry. `header` names incarnation and version: whoever has seen the header knows the body. */
export interface KnownEntry {
  readonly header: string;
  readonly snapshot: SubjectSnapshot;
}

/** @param raw `<incarnation>:<version>=<body>` */
export function parseEntry({ kind, id }: SubjectRef, raw: string): KnownEntry {
  const end = raw.indexOf('=') + 1;
  const version = Number(raw.slice(raw.indexOf(':') + 1, end - 1));
  return {
    header: raw.slice(0, end),
    snapshot: { kind, id, version, body: JSON.parse(raw.slice(end)) as SubjectBody },
  };
}
