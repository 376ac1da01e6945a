import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';

/** A YAML text, and where in it each of its values stands. */
export interface PlacedYaml {
  readonly value: unknown;
  /** Line, from 1, of what stands at a path; of the nearest that is there around it where nothing does. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** The text is no YAML. */
export interface BrokenYaml {
  readonly line: number;
  readonly problem: string;
}

/** Reads one YAML document. Names that come twice, and tags that mean nothing, are mistakes. */
export function readYaml(text: string): PlacedYaml | BrokenYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake) return { line: lines.linePos(mistake.pos[0]).line, problem: mistake.message };
  return { value: document.toJS(), lineOf: (path) => lines.linePos(offsetOf(document, path)).line };
}

function offsetOf({ contents }: Document.Parsed, path: readonly (string | number)[]): number {
  let node: unknown = contents;
  let offset = contents?.range[0] ?? 0;
  for (const step of path) {
    const member = memberOf(node, step);
    if (member?.offset === undefined) return offset;
    offset = member.offset;
    node = member.value;
  }
  return offset;
}

interface Member {
  /** Where it begins, with its name where it has one. */
  readonly offset: number | undefined;
  readonly value: unknown;
}

function memberOf(node: unknown, step: string | number): Member | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
    return isScalar(pair?.key) ? { offset: pair.key.range?.[0], value: pair.value } : undefined;
  }
  if (!isSeq(node) || typeof step !== 'number') return undefined;
  const item: unknown = node.items[step];
  return isNode(item) ? { offset: item.range?.[0], value: item } : undefined;
}
