import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { FleetOptions } from '../../device-client/src/index.ts';
import { fetchClaim } from '../claim.ts';
import { Failure } from '../failure.ts';
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
}

const HEALTH_INTERVAL = 5_000;
const FIRMWARE = '1.0.0';
const COUNTER_INTERVAL = 1_000;
const FIRST_ROW_POLL = 100;
const FIRST_ROW_TIMEOUT = 60_000;
/** ms that acknowledged samples may take to arrive after the last one was sent */
const SETTLE_TIMEOUT = 60_000;

/** `npm start`: the whole platform on this machine, from synthesis to a query. */
export async function start(options: StartOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const fleet = forkFleet();
  let platform: LaunchedPlatform | undefined;
  try {
    platform = await bringUp(options, progress);
    await run(options, platform, fleet, progress, interrupted.signal);
  } finally {
    await fleet.end({ kind: 'stop' });
    await platform?.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** @throws Failure */
async function bringUp(options: StartOptions, progress: Progress): Promise<LaunchedPlatform> {
  const assembly = options.assembly === undefined ? undefined : resolve(options.assembly);
  progress.step(assembly === undefined ? 'synthesizing the CDK app, starting the local cloud' : `using ${assembly}`);
  const changes = new Map<string, number>();
  const platform = await launchPlatform({
    dataDirectory: resolve(options.dataDir),
    port: options.port,
    mqttPort: options.mqttPort,
    assembly,
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
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const ledger = new Ledger(platform.settings, platform.outputs);
  try {
    const before = await ledger.read();
    const watch = new FleetWatch(fleet, (serial, reason) => progress.note(`device ${serial}: ${reason}`));
    progress.step(`onboarding ${options.devices} devices by claim over mTLS`);
    const onboarded = watch.started();
    fleet.send({ kind: 'start', options: await fleetOptions(options, platform) });
    const firstRow = whenFirstRow(ledger, before.telemetryRows, signal);
    await Promise.race([onboarded, aborted(signal)]);
    if (signal.aborted) return;
    const { devicesFailed, devicesOnboarded, devicesReturned } = watch.counts;
    progress.done(
      `${devicesOnboarded + devicesReturned} devices online (${devicesOnboarded} provisioned now, ${devicesFailed} failed)`,
    );
    const firstRowMs = await Promise.race([firstRow, watch.failed(), sleep(FIRST_ROW_TIMEOUT, signal)]);
    if (typeof firstRowMs === 'number') progress.done(`first row queryable after ${(firstRowMs / 1000).toFixed(1)} s`);
    else if (!signal.aborted)
      progress.note(`no row within ${FIRST_ROW_TIMEOUT / 1000} s; see ${platform.description.logFile}`);

    if (options.once === true) await Promise.race([sleep(options.seconds * 1000, signal), watch.failed()]);
    else await stayUp(options, platform, watch, progress, signal);

    progress.step('stopping the devices');
    const last = fleet.next('stopped').catch(() => undefined);
    await fleet.end({ kind: 'stop' });
    await last;
    if (options.once !== true) {
      progress.done('state is kept; `npm start` goes on from here');
      return;
    }
    progress.step('querying Timestream until every acknowledged sample is found');
    const summary = await settle(ledger, before, watch, platform, typeof firstRowMs === 'number' ? firstRowMs : null);
    process.stderr.write(`${formatSummary(summary)}\n`);
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

/** ms since this process began until a query answered a row of this run. */
async function whenFirstRow(ledger: Ledger, before: number, signal: AbortSignal): Promise<number | undefined> {
  while (!signal.aborted) {
    if ((await ledger.telemetryRows()) > before) return Math.round(performance.now());
    await sleep(FIRST_ROW_POLL, signal);
  }
  return undefined;
}

async function settle(
  ledger: Ledger,
  before: Awaited<ReturnType<Ledger['read']>>,
  watch: FleetWatch,
  platform: LaunchedPlatform,
  firstRowMs: number | null,
): Promise<RunSummary> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
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
      firstRowMs,
      work: await platform.meters(),
    };
    if (unaccounted(summary).length === 0 || performance.now() > deadline) return summary;
    await sleep(250);
  }
}

async function stayUp(
  options: StartOptions,
  platform: LaunchedPlatform,
  watch: FleetWatch,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { description, outputs } = platform;
  const table = `\\"${outputs.DatabaseName}\\".\\"${outputs.TelemetryTableName}\\"`;
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
      `    npx fleetwright query${flag} "SELECT thing_name, max_by(temperature, time) AS temperature FROM ${table} GROUP BY thing_name"`,
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

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
