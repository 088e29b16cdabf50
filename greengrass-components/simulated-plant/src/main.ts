import { createInterface } from 'node:readline';
import { plantCommands } from './plant-commands.ts';
import { plantSources } from './plant-sources.ts';
import { createSimulatedPlant } from './simulated-plant.ts';

/** `--modbus 5020 --coap 5683 --seed 7 --json`; ports that are not given are any that are free. */
async function main(parameters: readonly string[]): Promise<void> {
  const known = new Map<string, string>();
  let json = false;
  for (let at = 0; at < parameters.length; at++) {
    const name = parameters[at];
    if (name === '--json') json = true;
    else if (name === '--modbus' || name === '--coap' || name === '--seed') known.set(name, parameters[++at] ?? '');
    else throw new Error(`unknown option ${name}; there are --modbus, --coap, --seed and --json`);
  }
  const whole = (name: string, most: number): number => {
    const value = Number(known.get(name) ?? 0);
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new Error(`${name} must be a whole number up to ${most}`);
  };
  const plant = await createSimulatedPlant({
    clock: {
      now: () => Date.now(),
      after(milliseconds, task) {
        const timer = setTimeout(task, milliseconds);
        return { cancel: () => clearTimeout(timer) };
      },
    },
    seed: whole('--seed', 2_147_483_647) || 1,
    ports: { modbus: whole('--modbus', 65_535), coap: whole('--coap', 65_535) },
  });
  const end = (): void => void plant.close().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const carryOut = plantCommands(plant);
  createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(`${JSON.stringify(carryOut(line))}\n`);
  });
  const { coap, modbus } = plant.ports;
  const text = `pump station on 127.0.0.1: Modbus TCP ${modbus} (units 1 to 3), CoAP ${coap} (/tank /ambient /quality)`;
  process.stdout.write(`${json ? JSON.stringify({ ports: plant.ports, sources: plantSources(plant.ports) }) : text}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
