import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';
import { AGENT_STATES, type AgentEvent, type AgentState, nextAgentState } from './agent-state.ts';

const FILE = 'agent.json';

const recordSchema = z.object({
  state: z.enum(AGENT_STATES),
  /** ms since the epoch; the clock has been here, so it is not earlier now */
  seenTime: z.int().nonnegative(),
});

/** What the agent keeps of itself. Each change is one atomic write. */
export class AgentRecord {
  readonly #directory: StateDirectory;
  #record: z.infer<typeof recordSchema>;

  /** @throws DeviceError `STATE_UNUSABLE` when it is damaged */
  constructor(directory: StateDirectory) {
    this.#directory = directory;
    const text = directory.read(FILE);
    if (text === undefined) {
      this.#record = { state: 'unprovisioned', seenTime: 0 };
      return;
    }
    try {
      this.#record = recordSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new DeviceError('STATE_UNUSABLE', `${directory.file(FILE)} is damaged`, { cause: error });
    }
  }

  get state(): AgentState {
    return this.#record.state;
  }

  get seenTime(): number {
    return this.#record.seenTime;
  }

  /** @returns why it is not possible, or nothing */
  apply(event: AgentEvent): string | undefined {
    const verdict = nextAgentState(this.#record.state, event);
    if (!verdict.allowed) return verdict.reason;
    if (verdict.state !== this.#record.state) this.#write({ ...this.#record, state: verdict.state });
    return undefined;
  }

  /** Notes a time that is known to be right. */
  saw(time: number): void {
    if (time > this.#record.seenTime) this.#write({ ...this.#record, seenTime: Math.floor(time) });
  }

  #write(record: z.infer<typeof recordSchema>): void {
    this.#directory.write(FILE, `${JSON.stringify(record)}\n`);
    this.#record = record;
  }
}
