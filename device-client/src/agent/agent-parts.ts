import type { DeviceClock } from '../clock.ts';
import type { Device } from '../device.ts';
import type { AgentConfig } from './agent-config.ts';
import type { AgentEvent, AgentState } from './agent-state.ts';
import type { JsonLog } from './json-log.ts';
import type { LogFile } from './log-file.ts';

/** What features of the agent are made of. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly device: Device;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: JsonLog;
  readonly logFile: LogFile;
  readonly state: () => AgentState;
  readonly apply: (event: AgentEvent) => string | undefined;
  /** Ends the agent with an exit code, for a reason. */
  readonly end: (exitCode: number, why: string) => void;
}
