import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventSchemas, parseEvent } from './registry';

const folder = path.join(__dirname, 'golden');
const golden = (type: string): unknown => JSON.parse(readFileSync(path.join(folder, `${type}.json`), 'utf8'));

describe('the golden example of', () => {
  it('no type is missing: what was once published is there for ever', () =>
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(eventSchemas)
        .map((type) => `${type}.json`)
        .sort(),
    ));

  it.each(Object.keys(eventSchemas))('%s parses, and nothing of it is lost', (type) =>
    expect(parseEvent(golden(type))).toEqual(golden(type)),
  );

  it.each(Object.keys(eventSchemas))('%s is refused with a member that its schema does not know', (type) => {
    const example = golden(type) as { data: object };
    expect(() => parseEvent({ ...example, data: { ...example.data, email: 'a@b.example' } })).toThrow();
  });
});
