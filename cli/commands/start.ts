import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FleetOptions } from '../../device-client/src/index.ts';
import { fetchClaim } from '../claim.ts';
import { SimulatedEdge } from '../edge/simulated-edge.ts';
import { Failure, messageOf } from '../failure.ts';
import { type LaunchedPlatform, launchPlatform } from '../launch-platform.ts';
import { Ledger } from '../ledger.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { warningPrinter } from '../output/warnings.ts';
import { type FleetProcess, forkFleet } from '../processes/fleet-process.ts';
import { FleetWatch } from './fleet-watch.ts';
import { formatSummary, type RunSummary, unaccounted } from './run-summary.ts';

export interface StartOptions {
  readonly once?: boolean;
  readonly devices: number;
  readonly seconds: number;
  /** seconds that acknowledged samples may take to arrive after the last one was sent */
  readonly settle: number;
  readonly json?: boolean;
  readonly dataDir: string;
  readonly port: number;
  readonly mqttPort: number;
  /** ms between two samples of one device */
  readonly interval: number;
  readonly samplesPerMessage: number;
  readonly seed: number;
  /** Use a synthesized assembly instead of synthesizing. */
  readonly assembly?: string;
  /** Another hot store than the configured one. */
  readonly hotStore?: string;
  /** Also a simulated plant, and a core that watches over it. */
  readonly edge?: boolean;
  readonly core: string;
  readonly modbusPort: number;
  readonly coapPort: number;
}

const HEALTH_INTERVAL = 5_000;
const FIRMWARE = '1.0.0';
const COUNTER_INTERVAL = 1_000;

/** `npm start`: the whole platform on this machine, from synthesis to a query. */
export async function start(options: StartOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const interrupted = new AbortController();
  setMaxListeners(0, interrupted.signal);
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const fleet = forkFleet();
  let platform: LaunchedPlatform | undefined;
  let edge: SimulatedEdge | undefined;
  try {
    edge = options.edge === true ? await SimulatedEdge.prepare(options, progress) : undefined;
    platform = await bringUp(options, edge, progress);
    await Promise.race([run(options, platform, fleet, edge, progress, interrupted.signal), platform.failed]);
  } finally {
    // After a run that went well the devices have stopped already; after a failure nobody acknowledges any more.
    await fleet.end({ kind: 'stop', patience: 0 });
    await edge?.stop();
    await platform?.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** @throws Failure */
async function bringUp(
  options: StartOptions,
  edge: SimulatedEdge | undefined,
  progress: Progress,
): Promise<LaunchedPlatform> {
  const assembly = options.assembly === undefined ? undefined : resolve(options.assembly);
  progress.step(assembly === undefined ? 'synthesizing the CDK app, starting the local cloud' : `using ${assembly}`);
  const changes = new Map<string, number>();
  const platform = await launchPlatform({
    dataDirectory: resolve(options.dataDir),
    port: options.port,
    mqttPort: options.mqttPort,
    assembly,
    hotStore: options.hotStore,
    edge: edge?.settings,
    onListening: ({ apiUrl, mqttHost, mqttPort }) =>
      progress.done(`local cloud listening: ${apiUrl} and mqtts://${mqttHost}:${mqttPort}`),
    onWarning: warningPrinter(progress.note),
    onStep({ action }) {
      if (changes.size === 0) progress.step('deploying the synthesized template');
      changes.set(action, (changes.get(action) ?? 0) + 1);
    },
  });
  const { stacks } = platform.description;
  const summary = [...changes].map(([action, count]) => `${count} ${action}`).join(', ');
  progress.done(`${stacks.length} stacks deployed (${summary})`);
  const recorded = new Map<string, number>();
  for (const [type, count] of stacks.flatMap((stack) => Object.entries(stack.recorded))) {
    recorded.set(type, (recorded.get(type) ?? 0) + count);
  }
  for (const [type, count] of recorded) progress.note(`not run locally: ${count} × ${type}`);
  return platform;
}

async function run(
  options: StartOptions,
  platform: LaunchedPlatform,
  fleet: FleetProcess,
  edge: SimulatedEdge | undefined,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const deviceType = platform.outputs.DeviceTypes.split(',')[0] as string;
  const ledger = new Ledger(platform.settings, platform.outputs, edge === undefined ? {} : { deviceType });
  try {
    const before = await ledger.read();
    const watch = new FleetWatch(fleet, (serial, reason) => progress.note(`device ${serial}: ${reason}`));
    progress.step(`onboarding ${options.devices} devices by claim over mTLS`);
    const onboarded = watch.started();
    fleet.send({ kind: 'start', options: await fleetOptions(options, platform) });
    const found = new AbortController();
    const firstRow = { ms: null as number | null };
    const looking = lookForFirstRow(ledger, before.telemetryRows, AbortSignal.any([signal, found.signal]), (ms) => {
      firstRow.ms = ms;
      progress.done(`first row queryable after ${(ms / 1000).toFixed(1)} s`);
    });
    looking.catch((error: unknown) => progress.note(`looking for the first row: ${messageOf(error)}`));
    await Promise.race([onboarded, aborted(signal)]);
    if (signal.aborted) return;
    const { devicesFailed, devicesOnboarded, devicesReturned } = watch.counts;
    progress.done(
      `${devicesOnboarded + devicesReturned} devices online (${devicesOnboarded} provisioned now, ${devicesFailed} failed)`,
    );
    await edge?.start(platform, ledger.store, progress, signal);
    if (options.once === true) await Promise.race([sleep(options.seconds * 1000, signal), watch.failed()]);
    else await stayUp(options, platform, ledger, watch, progress, signal);

    progress.step('stopping the devices');
    const last = fleet.next('stopped').catch(() => undefined);
    await fleet.end({ kind: 'stop' });
    await last;
    if (options.once !== true) {
      progress.done('state is kept; `npm start` goes on from here');
      return;
    }
    progress.step(`querying ${ledger.store.title} until every acknowledged sample is found`);
    const patience = options.settle * 1000 + ledger.store.visibleWithin;
    const summary = await settle(ledger, before, watch, platform, edge, firstRow, patience);
    found.abort();
    process.stderr.write(`${formatSummary(summary, ledger.store.title)}\n`);
    if (options.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
    const missing = unaccounted(summary);
    if (missing.length > 0) throw new Failure(missing.join('\n'));
    if (summary.devicesOnboarded < options.devices) {
      throw new Failure(
        `${options.devices - summary.devicesOnboarded} of ${options.devices} devices did not come online`,
      );
    }
  } finally {
    ledger.close();
  }
}

async function fleetOptions(options: StartOptions, platform: LaunchedPlatform): Promise<FleetOptions> {
  const { description, outputs, settings } = platform;
  return {
    endpoint: {
      host: description.mqttHost,
      port: description.mqttPort,
      serverCaPem: readFileSync(description.caFile, 'utf8'),
    },
    claim: await fetchClaim(settings, outputs.ClaimSecretArn),
    count: options.devices,
    sites: outputs.Sites.split(','),
    deviceType: outputs.DeviceTypes.split(',')[0] as string,
    stateDirectory: join(description.dataDirectory, 'devices'),
    seed: options.seed,
    interval: options.interval,
    samplesPerMessage: options.samplesPerMessage,
    healthInterval: HEALTH_INTERVAL,
    firmware: FIRMWARE,
  };
}

/** Polls until a query answers a row of this run; reports the ms since this process began. */
async function lookForFirstRow(
  ledger: Ledger,
  before: number,
  signal: AbortSignal,
  onFound: (milliseconds: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    if ((await ledger.telemetryRows()) > before) return onFound(Math.round(performance.now()));
    await sleep(ledger.store.lookInterval, signal);
  }
}

async function settle(
  ledger: Ledger,
  before: Awaited<ReturnType<Ledger['read']>>,
  watch: FleetWatch,
  platform: LaunchedPlatform,
  edge: SimulatedEdge | undefined,
  firstRow: { readonly ms: number | null },
  patience: number,
): Promise<RunSummary> {
  const deadline = performance.now() + patience;
  const { counts } = watch;
  for (;;) {
    const now = await ledger.read();
    const deadLetters = now.deadLetters - before.deadLetters;
    const summary: RunSummary = {
      devicesOnboarded: counts.devicesOnboarded + counts.devicesReturned,
      devicesProvisioned: counts.devicesOnboarded,
      messagesPublished: counts.messagesPublished,
      messagesAcknowledged: counts.messagesAcknowledged,
      samplesAcknowledged: counts.samplesAcknowledged,
      recordsStored: now.telemetryRows - before.telemetryRows,
      recordsRejected: deadLetters > 0 ? await ledger.rejectedSamples() : 0,
      healthAcknowledged: counts.healthAcknowledged,
      healthStored: now.healthMessages - before.healthMessages,
      deadLetters,
      elapsedMs: Math.round(performance.now()),
      firstRowMs: firstRow.ms,
      ...(edge !== undefined && { edge: await edge.summary(ledger.store) }),
      work: await platform.meters(),
    };
    if (unaccounted(summary).length === 0 || performance.now() > deadline) return summary;
    await sleep(Math.max(250, ledger.store.lookInterval));
  }
}

async function stayUp(
  options: StartOptions,
  platform: LaunchedPlatform,
  ledger: Ledger,
  watch: FleetWatch,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { description } = platform;
  const example = ledger.store.example.replaceAll('"', '\\"');
  const flag =
    options.dataDir === '.fleetwright'
      ? ''
      : ` --data-dir ${relative(process.cwd(), description.dataDirectory) || '.'}`;
  process.stderr.write(
    [
      '',
      `  AWS APIs   ${description.apiUrl}   (credentials: ${relative(process.cwd(), description.credentialsFile)})`,
      `  MQTT/TLS   ${description.mqttHost}:${description.mqttPort}   (CA: ${relative(process.cwd(), description.caFile)})`,
      '',
      '  Try in another terminal:',
      `    npx fleetwright query${flag} "${example}"`,
      `    npx fleetwright device run${flag} --thing-name PS-0001`,
      '    npx cdk deploy --all        # the same template, to your AWS account',
      '',
      '  Ctrl-C ends it; state is kept.',
      '',
      '',
    ].join('\n'),
  );
  while (!signal.aborted) {
    const meters = await platform.meters();
    const { messagesAcknowledged, samplesAcknowledged } = watch.counts;
    progress.live(
      `${messagesAcknowledged} messages acknowledged · ${samplesAcknowledged} samples · ${meters['timestream.recordsStored'] ?? 0} records stored · ` +
        `${meters['lambda.invocations'] ?? 0} invocations · ${meters['iam.evaluations'] ?? 0} IAM evaluations · ${meters['http.requests'] ?? 0} HTTP calls`,
    );
    await Promise.race([sleep(COUNTER_INTERVAL, signal), watch.failed()]);
  }
}

/** Resolves after the time, or at once when `signal` aborts. */
async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
