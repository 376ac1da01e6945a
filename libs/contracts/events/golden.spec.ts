import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventSchemas, parseEvent } from './registry';

const folder = path.join(__dirname, 'golden');
const golden = (name: string): unknown => JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));
/** One for each type, and one more, `<type>.<what was added>`, for what a type got later: the former one is never changed. */
const names = readdirSync(folder).map((file) => path.basename(file, '.json'));
const types = Object.keys(eventSchemas);

describe('the golden example of', () => {
  it('no type is missing: what was once published is there for ever', () =>
    expect(types.filter((type) => !names.includes(type))).toEqual([]));

  it.each(names)('%s parses, and nothing of it is lost', (name) =>
    expect(parseEvent(golden(name))).toEqual(golden(name)),
  );

  it.each(names)('%s is refused with a member that its schema does not know', (name) => {
    const example = golden(name) as { data: object };
    expect(() => parseEvent({ ...example, data: { ...example.data, email: 'a@b.example' } })).toThrow();
  });
});
