import { SOURCES, tableOf, TOPICS, type Decision, type DecisionEvent } from '@latchkey/contracts';
import type { TelemetryKind } from '@latchkey/telemetry';
import { bytesOf, presentable } from './application/recorded-decision';

/** The record of what a node of enforcement decides. */
export const decisionTelemetry: TelemetryKind<Decision> = {
  name: 'decisions',
  source: SOURCES.enforcement,
  topic: TOPICS.decisions,
  bytesOf,
  presentable,
  batchOf: (decisions, node, now): DecisionEvent => ({
    type: 'latchkey.decisions.recorded.v1',
    data: { ...node, decisions: tableOf(decisions, now.getTime()) },
  }),
};
