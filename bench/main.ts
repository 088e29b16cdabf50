import type { BenchOptions } from './bench-options.ts';

/** `npm run bench -- <name> [--json] …`: measurements, each a ratio to a peer or limit of the same run. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(options: BenchOptions): Promise<object> }>>> = {
  broker: () => import('./broker/broker.ts'),
  connections: () => import('./connections/connections.ts'),
  device: () => import('./device/device.ts'),
  ingest: () => import('./ingest/ingest.ts'),
  lambdas: () => import('./lambdas/lambdas.ts'),
  queue: () => import('./queue/queue.ts'),
  'rule-sql': () => import('./rule-sql.ts'),
};

async function main(): Promise<void> {
  const [name = '', ...rest] = process.argv.slice(2);
  const load = BENCHES[name];
  const at = rest.indexOf('--seconds');
  const seconds = at < 0 ? undefined : Number(rest[at + 1]);
  const unknown = rest.filter((word, index) => word !== '--json' && index !== at && index !== at + 1);
  if (load === undefined || (at >= 0 && unknown.length > 0) || (seconds !== undefined && !(seconds > 0))) {
    process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--seconds N]\n`);
    process.exit(2);
  }
  const json = rest.includes('--json');
  const bench = await load();
  const result = await bench.run({ json, ...(seconds !== undefined && { seconds }) });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

await main();
