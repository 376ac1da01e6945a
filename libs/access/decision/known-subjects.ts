import { sameSubject, type KnownSubjects, type SubjectBody, type SubjectKind } from '@latchkey/contracts';

export type BodyOf<Kind extends SubjectKind> = Extract<SubjectBody, { kind: Kind }>;

const isOfKind = <Kind extends SubjectKind>(body: SubjectBody, kind: Kind): body is BodyOf<Kind> => body.kind === kind;

/** Undefined: not known yet. Null: there is none, or what is there is of another kind. */
export function bodyOf<Kind extends SubjectKind>(
  known: KnownSubjects,
  kind: Kind,
  id: string,
): BodyOf<Kind> | null | undefined {
  const snapshot = known.find((subject) => sameSubject(subject, { kind, id }));
  if (!snapshot) return undefined;
  return snapshot.body && isOfKind(snapshot.body, kind) ? snapshot.body : null;
}
