import { copying } from './fill-keys';

const table = { name: 'key_list', where: 'key_id = $1', differences: { key_id: `'key ' || n` } };
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

it('a copy has all columns of its row but those in which it differs', () =>
  expect(oneLine(copying(table, ['key_id', 'name']))).toBe(
    oneLine(`INSERT INTO key_list (key_id, name) SELECT 'key ' || n, row.name
               FROM (SELECT * FROM key_list WHERE key_id = $1) row, generate_series(1, $2::integer) n`),
  ));

it('a difference in a column that is no longer there ends the run', () =>
  expect(() => copying(table, ['id', 'name'])).toThrow('key_list has no column key_id'));
