import { PHASES, type OutageResult } from './kafka-outage';
import type { Span } from './load';

const digits = (value: number, places = 1) => value.toFixed(places);

/** Speed in each phase beside that before the outage. */
export function outageReport(title: string, { spans, history, checked }: OutageResult): string {
  const rows = PHASES.flatMap((phase) =>
    (['checks', 'commands'] as const).map((kind) => {
      const [span, before]: readonly [Span, Span] = [spans[phase][kind], spans.before[kind]];
      const numbers = [span.perSecond, span.p50, span.p99, span.longest].map((value) => digits(value));
      return `| ${[phase, kind, ...numbers, digits(span.perSecond / before.perSecond, 2)].join(' | ')} |`;
    }),
  );
  const made = checked.reduce((sum, { allowed }) => sum + allowed, 0);
  return [
    `### ${title}`,
    '',
    `${made} checks and ${history.commands.length} commands. Times in ms.`,
    '',
    '| Kafka | what | per second | p50 | p99 | longest | ÷ before |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
