/** A pure reducer of one aggregate's events to its row. */
export interface Reducer<Row, Event> {
  project(row: Row | null, event: Event): Row | null;
}

/** The row after these events: `expect(projected(keyList, events)).toEqual(…)`. */
export function projected<Row, Event>(projection: Reducer<Row, Event>, events: readonly Event[]): Row | null {
  return events.reduce<Row | null>((row, event) => projection.project(row, event), null);
}
