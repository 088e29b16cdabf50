import type * as z from 'zod';

/** One command, as its handler sees it. */
export interface CommandExecution<Parameters> {
  readonly commandId: string;
  readonly parameters: Parameters;
  /** ms since the epoch after which nobody waits for the outcome any more */
  readonly expiresAt: number;
  /** Aborts at the deadline and when the agent stops. */
  readonly signal: AbortSignal;
}

/**
 * Does what one command asks.
 *
 * INVARIANT: called at most once for a command, also across restarts: one that a restart has interrupted is reported as
 * failed, and whether it was carried out is for its issuer to find out.
 */
export interface CommandHandler<Schema extends z.ZodType = z.ZodType> {
  /** As in the contract: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Of the parameters; a command without any has `undefined`. */
  readonly parameters: Schema;
  /** @returns a result in words, 2,048 characters at most. What it throws is why the command failed. */
  run(execution: CommandExecution<z.infer<Schema>>): Promise<string | undefined>;
}

/** Keeps the type of the parameters while it forgets the schema's. */
export function commandHandler<Schema extends z.ZodType>(handler: CommandHandler<Schema>): CommandHandler {
  return handler as unknown as CommandHandler;
}
