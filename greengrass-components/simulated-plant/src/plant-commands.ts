import * as z from 'zod';
import { PUMP_FAULTS } from './process-faults.ts';
import type { SimulatedPlant } from './simulated-plant.ts';
import { PLANT_SOURCES } from './wire-faults.ts';

const severity = z.number().min(0).max(1).optional();
const processFault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(PUMP_FAULTS),
    pump: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    severity,
    /** ms since the epoch */
    until: z.int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal('high-inflow'), severity }),
]);
const wireFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['dead', 'frozen', 'exception']) }),
  z.strictObject({ kind: z.literal('slow'), delayMs: z.int().min(1).max(60_000) }),
]);

/** What a plant that runs as a process is told, one JSON object a line. */
const commandSchema = z.union([
  z.strictObject({ inject: processFault }),
  /** Ends all faults of the process that were injected. */
  z.strictObject({ recover: z.literal(true) }),
  z.strictObject({ disturb: z.enum(PLANT_SOURCES), fault: wireFault.nullable() }),
  z.strictObject({ read: z.literal(true) }),
]);

/** Carries out commands for a plant. @returns takes a line and gives the answer's */
export function plantCommands(plant: SimulatedPlant): (line: string) => object {
  const ends: (() => void)[] = [];
  return (line) => {
    let given: unknown;
    try {
      given = JSON.parse(line);
    } catch {
      return { ok: false, reason: 'is no JSON' };
    }
    const read = commandSchema.safeParse(given);
    if (!read.success) return { ok: false, reason: z.prettifyError(read.error) };
    const command = read.data;
    if ('inject' in command) ends.push(plant.inject(command.inject as Parameters<SimulatedPlant['inject']>[0]));
    else if ('recover' in command) for (const end of ends.splice(0)) end();
    else if ('disturb' in command) plant.disturb(command.disturb, command.fault ?? undefined);
    else return { ok: true, reading: plant.reading };
    return { ok: true };
  };
}
