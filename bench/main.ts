import type { BenchOptions } from './bench-options.ts';

/** `npm run bench -- <name> [--json] …`: measurements, each a ratio to a peer or limit of the same run. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(options: BenchOptions): Promise<object> }>>> = {
  anomaly: () => import('./anomaly/anomaly.ts'),
  broker: () => import('./broker/broker.ts'),
  connections: () => import('./connections/connections.ts'),
  device: () => import('./device/device.ts'),
  'edge-reduction': () => import('./edge-reduction/edge-reduction.ts'),
  'edge-aggregator': () => import('./edge/edge-aggregator.ts'),
  inference: () => import('./edge/inference.ts'),
  ingest: () => import('./ingest/ingest.ts'),
  lambdas: () => import('./lambdas/lambdas.ts'),
  'local-rules': () => import('./edge/local-rules.ts'),
  nab: () => import('./nab/nab.ts'),
  queue: () => import('./queue/queue.ts'),
  'rule-sql': () => import('./rule-sql.ts'),
};

/** Options that take a value, besides `--seconds N`. */
const PATHS = ['data', 'windows', 'results'] as const;

/** @returns undefined when a word is none of the options */
function readOptions(words: readonly string[]): BenchOptions | undefined {
  let options: BenchOptions = { json: false };
  for (let index = 0; index < words.length; index++) {
    const name = words[index];
    if (name === '--json') {
      options = { ...options, json: true };
      continue;
    }
    const value = words[++index];
    const path = PATHS.find((option) => `--${option}` === name);
    if (value === undefined) return undefined;
    if (path !== undefined) options = { ...options, [path]: value };
    else if (name === '--seconds' && Number(value) > 0) options = { ...options, seconds: Number(value) };
    else return undefined;
  }
  return options;
}

async function main(): Promise<void> {
  const [name = '', ...rest] = process.argv.slice(2);
  const load = BENCHES[name];
  const options = readOptions(rest);
  if (load === undefined || options === undefined) {
    const paths = PATHS.map((option) => ` [--${option} PATH]`).join('');
    process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--seconds N]${paths}\n`);
    process.exit(2);
  }
  const bench = await load();
  const result = await bench.run(options);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

await main().catch((error) => {
  process.stderr.write(
    `${error instanceof Error ? (error.name === 'NabDataError' ? error.message : error.stack) : error}\n`,
  );
  process.exit(1);
});
