import { type CommandOutcome, commandOutcomeSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { StateDirectory } from '../state-directory.ts';

/** A command that was begun, and what of it the cloud does not know. */
export interface TakenCommand {
  readonly commandId: string;
  readonly nonce: string;
  readonly name: string;
  /** ms since the epoch */
  readonly expiresAt: number;
  /** The final word; missing while it runs. */
  readonly outcome?: CommandOutcome | undefined;
  /** Whether the broker has the final word. */
  readonly told: boolean;
}

const FILE = 'commands.json';

const fileSchema = z.object({
  version: z.literal(1),
  taken: z.array(
    z.object({
      commandId: z.string(),
      nonce: z.string(),
      name: z.string(),
      expiresAt: z.number(),
      outcome: commandOutcomeSchema.optional(),
      told: z.boolean(),
    }),
  ),
});

/** Commands kept at most. The oldest that are told go first, then the oldest: an outcome of long ago helps nobody. */
const CAPACITY = 256;

/** The commands that were taken, on disk. INVARIANT: what `list` shows is on disk. */
export class CommandOutbox {
  readonly #state: StateDirectory;
  #taken: readonly TakenCommand[] = [];
  #closed = false;

  constructor(state: StateDirectory, log: DeviceLog) {
    this.#state = state;
    const kept = state.read(FILE);
    if (kept === undefined) return;
    try {
      this.#taken = fileSchema.parse(JSON.parse(kept)).taken;
    } catch {
      log.error('the record of commands is damaged; their outcomes are lost', { file: state.file(FILE) });
    }
  }

  get list(): readonly TakenCommand[] {
    return this.#taken;
  }

  find(commandId: string): TakenCommand | undefined {
    return this.#taken.find((taken) => taken.commandId === commandId);
  }

  /** Adds or replaces one. @throws DeviceError `STATE_UNUSABLE`, `STOPPED` */
  put(command: TakenCommand): void {
    if (this.#closed) throw new DeviceError('STOPPED', 'the agent stops');
    const taken = [...this.#taken.filter(({ commandId }) => commandId !== command.commandId), command];
    while (taken.length > CAPACITY) {
      const told = taken.findIndex((one) => one.told);
      taken.splice(Math.max(0, told), 1);
    }
    this.#state.write(FILE, `${JSON.stringify({ version: 1, taken })}\n`);
    this.#taken = taken;
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
  }
}
