import { Client } from 'pg';
import { startPostgres } from './postgres-process';

it('a Postgres of one’s own keeps what was committed through a crash', async () => {
  const postgres = await startPostgres();
  try {
    const query = async (sql: string) => {
      const client = new Client({ connectionString: postgres.url, connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      await client.connect();
      const { rows } = await client.query<{ value: number }>(sql);
      await client.end();
      return rows;
    };
    await query('CREATE TABLE kept AS SELECT 1 AS value');
    await postgres.kill();
    await expect(query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await postgres.restart();
    expect(await query('SELECT value FROM kept')).toEqual([{ value: 1 }]);
  } finally {
    await postgres.stop();
  }
});
