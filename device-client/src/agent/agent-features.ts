import type { DeviceFeature } from '../feature.ts';
import type { AgentParts } from './agent-parts.ts';

/** What the agent runs beside telemetry. */
export function agentFeatures(_parts: AgentParts): readonly DeviceFeature[] {
  return [];
}
