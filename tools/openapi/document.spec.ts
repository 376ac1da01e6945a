import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './document';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
const { version } = read('package.json') as { version: string };
const document = openApiDocument(version);
/** As it goes over the wire. */
const written = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

describe('the OpenAPI document', () => {
  it('is the one that is checked in: `npm run openapi -- --write` writes it', () => {
    expect(written).toEqual(read('libs/contracts/openapi/latchkey.openapi.json'));
  });

  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(written);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('says of every route that looks at who calls that it may refuse them', () => {
    const closed = operations.filter(({ security }) => security.length > 0);
    expect(closed.length).toBeGreaterThan(50);
    expect(closed.filter(({ responses }) => !('401' in responses)).map(({ operationId }) => operationId)).toEqual([]);
  });
});
