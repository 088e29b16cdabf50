import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { FleetOptions } from '../../device-client/src/index.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { fetchClaim } from '../claim.ts';
import { Failure } from '../failure.ts';
import { Ledger } from '../ledger.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { type PlatformOutputs, platformOutputs } from '../platform-outputs.ts';
import { type CloudProcess, forkCloud } from '../processes/cloud-process.ts';
import { type FleetProcess, forkFleet } from '../processes/fleet-process.ts';
import { synthesize } from '../processes/synthesize.ts';
import { type AwsClientSettings, localClientSettings } from '../running-cloud.ts';
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
/** ms that acknowledged samples may take to arrive after the last one was sent */
const SETTLE_TIMEOUT = 60_000;

/** `npm start`: the whole platform on this machine, from synthesis to a query. */
export async function start(options: StartOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const cloud = forkCloud();
  const fleet = forkFleet();
  try {
    const description = await bringUp(options, cloud, progress);
    await run(options, description, cloud, fleet, progress, interrupted.signal);
  } finally {
    await fleet.end({ kind: 'stop' });
    await cloud.end({ kind: 'stop' });
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Synthesizes and starts the cloud side by side, then deploys. @throws Failure */
async function bringUp(options: StartOptions, cloud: CloudProcess, progress: Progress): Promise<CloudDescription> {
  const dataDirectory = resolve(options.dataDir);
  const assembly = resolve(options.assembly ?? join(dataDirectory, 'cdk.out'));
  const started = cloud.next('started');
  const { mqttPort, port } = options;
  cloud.send({ kind: 'start', options: { dataDirectory, port, mqttPort } });
  progress.step(options.assembly === undefined ? 'synthesizing the CDK app' : `using the assembly ${assembly}`);
  const synthesized = started.then(() => {
    if (options.assembly === undefined) mkdirSync(assembly, { recursive: true });
  });
  const [{ description }] = await Promise.all([
    started,
    options.assembly === undefined ? synthesize(assembly) : synthesized,
  ]);
  progress.done(
    `local cloud listening: ${description.apiUrl} and mqtts://${description.mqttHost}:${description.mqttPort}`,
  );
  progress.step('deploying the synthesized template');
  const changes = new Map<string, number>();
  cloud.on('report', (report) => {
    if (report.kind === 'step') changes.set(report.step.action, (changes.get(report.step.action) ?? 0) + 1);
  });
  const deployed = cloud.next('deployed');
  cloud.send({ kind: 'deploy', assembly });
  const { description: ready } = await deployed;
  const summary = [...changes].map(([action, count]) => `${count} ${action}`).join(', ');
  progress.done(`${ready.stacks.length} stacks deployed (${summary})`);
  for (const stack of ready.stacks) {
    for (const [type, count] of Object.entries(stack.recorded)) progress.note(`not run locally: ${count} × ${type}`);
  }
  return ready;
}

async function run(
  options: StartOptions,
  description: CloudDescription,
  cloud: CloudProcess,
  fleet: FleetProcess,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const settings = localClientSettings(description);
  const outputs = platformOutputs(description);
  const ledger = new Ledger(settings, outputs);
  try {
    const before = await ledger.read();
    const watch = new FleetWatch(fleet, (serial, reason) => progress.note(`device ${serial}: ${reason}`));
    progress.step(`onboarding ${options.devices} devices by claim over mTLS`);
    const onboarded = watch.started();
    fleet.send({ kind: 'start', options: await fleetOptions(options, description, outputs, settings) });
    const firstRow = whenFirstRow(ledger, before.telemetryRows, signal);
    await Promise.race([onboarded, aborted(signal)]);
    if (signal.aborted) return;
    const { devicesFailed, devicesOnboarded, devicesReturned } = watch.counts;
    progress.done(
      `${devicesOnboarded + devicesReturned} devices online (${devicesOnboarded} provisioned now, ${devicesFailed} failed)`,
    );
    const firstRowMs = await firstRow;
    if (firstRowMs !== undefined) progress.done(`first row queryable after ${(firstRowMs / 1000).toFixed(1)} s`);

    if (options.once === true) await Promise.race([sleep(options.seconds * 1000, signal), watch.failed()]);
    else await stayUp(options, description, outputs, cloud, watch, progress, signal);

    progress.step('stopping the devices');
    await fleet.end({ kind: 'stop' });
    if (options.once !== true) {
      progress.done('state is kept; `npm start` goes on from here');
      return;
    }
    progress.step('querying Timestream until every acknowledged sample is found');
    const summary = await settle(ledger, before, watch, cloud, firstRowMs);
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

async function fleetOptions(
  options: StartOptions,
  description: CloudDescription,
  outputs: PlatformOutputs,
  settings: AwsClientSettings,
): Promise<FleetOptions> {
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
  cloud: CloudProcess,
  firstRowMs: number | undefined,
): Promise<RunSummary> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
  const { counts } = watch;
  for (;;) {
    const now = await ledger.read();
    const deadLetters = now.deadLetters - before.deadLetters;
    const meters = cloud.next('meters');
    cloud.send({ kind: 'meters' });
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
      firstRowMs: firstRowMs ?? null,
      work: (await meters).meters,
    };
    if (unaccounted(summary).length === 0 || performance.now() > deadline) return summary;
    await sleep(250);
  }
}

async function stayUp(
  options: StartOptions,
  description: CloudDescription,
  outputs: PlatformOutputs,
  cloud: CloudProcess,
  watch: FleetWatch,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
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
    const next = cloud.next('meters');
    cloud.send({ kind: 'meters' });
    const { meters } = await next;
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
