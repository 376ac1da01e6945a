import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type OutOfRange = Extract<Issue, { code: 'too_small' | 'too_big' }>;

/** What is countable in it, one and many; anything else is a number or a time, and compared itself. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['item', 'items'],
  set: ['item', 'items'],
};

/** How a format is told that has no words of its schema's own. */
const FORMATS: Readonly<Record<string, string>> = {
  email: 'must be an e-mail address',
  uuid: 'must be a UUID',
  url: 'must be a URL',
  datetime: 'must be an RFC 3339 time, such as 2027-01-01T00:00:00Z',
};

function range(issue: OutOfRange): string {
  const [limit, exclusive, inclusive] =
    issue.code === 'too_small' ? [issue.minimum, 'more than', 'at least'] : [issue.maximum, 'less than', 'at most'];
  const unit = UNITS[issue.origin];
  const counted = unit === undefined ? '' : ` ${Number(limit) === 1 ? unit[0] : unit[1]}`;
  const bound = issue.exact === true ? 'exactly' : issue.inclusive === false ? exclusive : inclusive;
  return `must ${unit === undefined ? 'be' : 'have'} ${bound} ${limit}${counted}`;
}

function type(expected: string, value: unknown): string {
  if (expected === 'int') return 'must be a whole number';
  // A parameter of a query that comes twice is read as an array.
  if (expected === 'string' && Array.isArray(value)) return 'must be one text, not several';
  return `must be of type ${expected}`;
}

const oneOf = (values: readonly unknown[]) =>
  values.length === 1 ? `must be ${String(values[0])}` : `must be one of: ${values.map(String).join(', ')}`;

/** What is wrong, to go on after the name of a field: `must be …`. A schema's own words win. Never shows the value. */
export function whatIsWrong(issue: Issue, value: unknown): string {
  if (issue.message.startsWith('must ')) return issue.message.replace(/\.$/, '');
  switch (issue.code) {
    case 'invalid_type':
      return type(issue.expected, value);
    case 'too_small':
    case 'too_big':
      return range(issue);
    case 'invalid_value':
      return oneOf(issue.values);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'must have another form';
    case 'invalid_union':
      return 'options' in issue && issue.options !== undefined ? oneOf(issue.options) : 'must have another form';
    case 'invalid_key':
      return 'must have another name';
    case 'unrecognized_keys':
      return 'must not be there';
    case 'invalid_element':
    case 'custom':
      return 'must have another value';
  }
}

/**
 * The issue to tell. Of a union: that of the form which the input came nearest to; of several bounds of one field: the narrowest.
 */
export function telling(issues: readonly Issue[]): Issue | undefined {
  const [first] = issues;
  if (first?.code === 'invalid_union') {
    const [nearest] = [...first.errors].sort((a, b) => nearness(b) - nearness(a));
    const inner = nearest && telling(nearest);
    return inner ? { ...inner, path: [...first.path, ...inner.path] } : first;
  }
  if (first?.code !== 'too_big') return first;
  const bounds = issues.filter((issue) => issue.code === 'too_big' && issue.path.join('.') === first.path.join('.'));
  return bounds.reduce((a, b) => (a.code === 'too_big' && b.code === 'too_big' && b.maximum < a.maximum ? b : a));
}

/** A form whose type is right came nearer than one whose type is wrong, and the deeper its mistake the nearer. */
function nearness([issue]: readonly Issue[]): number {
  if (issue === undefined) return -1;
  return issue.path.length + (issue.code === 'invalid_type' ? 0 : 0.5);
}
