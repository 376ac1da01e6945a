import type { DataSource } from 'typeorm';
import type { Incarnations } from '../redis/redis-settlement';

export class PostgresIncarnations implements Incarnations {
  constructor(private readonly dataSource: DataSource) {}

  async incarnationOf(shard: number): Promise<string | null> {
    const rows = await this.dataSource.query<{ incarnation: string }[]>(
      'SELECT incarnation FROM fence_renewal WHERE shard = $1',
      [shard],
    );
    return rows[0]?.incarnation ?? null;
  }
}
