import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../bench-options.ts';
import { processUsage } from '../load/process-usage.ts';
import { type LoadKind, runLoad } from '../load/run-load.ts';
import { startMosquitto } from '../peers/mosquitto.ts';
import { createPeerPki } from '../peers/test-pki.ts';
import { type BenchCertificate, startCloudUnderTest } from './cloud-under-test.ts';

/** Broker and peer take turns, so that drift hits both alike; figures are medians. */
const ROUNDS = 5;
const CONNECTIONS = 10;
/** Unacknowledged messages of a connection; AWS IoT allows 100. */
const WINDOW = 50;
const DEFAULT_SECONDS = 4;
/**
 * `raw` fills its window with packets laid out by hand, many to a TLS record, and so shows the brokers' limit; `mqttjs` is
 * a library as fleets use it, which is the limit itself, so that there the CPU time says more than the rate.
 */
const LOADS: readonly LoadKind[] = ['raw', 'mqttjs'];

interface Figures {
  readonly name: string;
  readonly messagesPerSecond: number;
  readonly cpuMicrosecondsPerMessage: number;
  readonly acknowledgeP50Ms: number;
  readonly acknowledgeP99Ms: number;
  readonly residentMegabytes: number;
}

interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly caFile: string;
  readonly certificates: readonly BenchCertificate[];
}

/**
 * QoS 1 publishes over mTLS that nobody subscribes to: what a broker takes in by itself. The cloud evaluates its IoT
 * policy for each, looks for rules that match, and limits nothing but what AWS does not limit either.
 */
export async function run(options: BenchOptions): Promise<object> {
  const seconds = options.seconds ?? DEFAULT_SECONDS;
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-'));
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const cloud = await startCloudUnderTest(join(directory, 'data'));
  const pki = createPeerPki(join(directory, 'pki'));
  const mosquitto = await startMosquitto(directory, pki);
  if (mosquitto === undefined) say('mosquitto is not installed: there is no ratio');
  const { mqttPort, caFile } = cloud.description;
  const own: Subject = {
    name: 'broker',
    pid: cloud.pid,
    port: mqttPort,
    caFile,
    certificates: await cloud.register(CONNECTIONS),
  };
  const { clientCertificatePem: certificatePem, clientKeyPem: privateKeyPem } = pki;
  const peers: Subject[] =
    mosquitto === undefined
      ? []
      : [{ ...mosquitto, caFile: pki.caFile, certificates: [{ certificatePem, privateKeyPem }] }];
  try {
    const comparisons: Comparison[] = [];
    for (const load of LOADS) comparisons.push(await compare(load, own, peers, seconds, say));
    return {
      bench: 'broker',
      rounds: ROUNDS,
      connections: CONNECTIONS,
      window: WINDOW,
      seconds,
      mosquittoVersion: mosquitto?.version ?? null,
      comparisons,
    };
  } finally {
    await Promise.allSettled([cloud.stop(), mosquitto?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Comparison {
  readonly load: LoadKind;
  readonly broker: Figures;
  readonly mosquitto: Figures | null;
  /** Of messages a second, the median of the rounds' own ratios. */
  readonly ratioToMosquitto: number | null;
}

async function compare(
  load: LoadKind,
  own: Subject,
  peers: readonly Subject[],
  seconds: number,
  say: (text: string) => void,
): Promise<Comparison> {
  const rounds: Figures[][] = [];
  // The first round warms both up and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const figures: Figures[] = [];
    const order = round % 2 === 0 ? [own, ...peers] : [...peers, own];
    for (const subject of order) figures.push(await measure(load, subject, seconds));
    if (round > 0) rounds.push(figures);
    say(`${load}, ${round === 0 ? 'warm-up' : `round ${round}`}: ${figures.map(brief).join('; ')}`);
  }
  const of = (name: string): Figures[] => rounds.flat().filter((figures) => figures.name === name);
  const ratios = rounds.flatMap((figures) => {
    const ours = figures.find(({ name }) => name === own.name);
    const theirs = figures.find(({ name }) => name !== own.name);
    return ours === undefined || theirs === undefined ? [] : [ours.messagesPerSecond / theirs.messagesPerSecond];
  });
  const comparison = {
    load,
    broker: middle(of('broker')),
    mosquitto: peers.length === 0 ? null : middle(of('mosquitto')),
    ratioToMosquitto: ratios.length === 0 ? null : Number(median(ratios).toFixed(3)),
  };
  const { broker, mosquitto, ratioToMosquitto } = comparison;
  say(`${load}, median: ${[broker, ...(mosquitto === null ? [] : [mosquitto])].map(brief).join('; ')}`);
  say(`${load}: ratio to mosquitto ${ratioToMosquitto ?? '–'}`);
  return comparison;
}

async function measure(load: LoadKind, subject: Subject, seconds: number): Promise<Figures> {
  const before = processUsage(subject.pid);
  const result = await runLoad(load, {
    host: 'localhost',
    port: subject.port,
    caFile: subject.caFile,
    window: WINDOW,
    seconds,
    samplesPerMessage: 1,
    clients: Array.from({ length: CONNECTIONS }, (_, index) => ({
      clientId: `bench-${index}`,
      topic: `fleet/bench-${index}/telemetry`,
      ...(subject.certificates[index % subject.certificates.length] as BenchCertificate),
      bootId: 1,
    })),
  });
  const after = processUsage(subject.pid);
  return {
    name: subject.name,
    messagesPerSecond: Math.round((result.messages * 1000) / result.elapsedMs),
    cpuMicrosecondsPerMessage: round((after.cpuMicroseconds - before.cpuMicroseconds) / result.messages),
    acknowledgeP50Ms: result.acknowledgeP50Ms,
    acknowledgeP99Ms: result.acknowledgeP99Ms,
    residentMegabytes: Math.round(after.residentBytes / 1_048_576),
  };
}

function middle(figures: readonly Figures[]): Figures {
  const pick = (of: (one: Figures) => number): number => round(median(figures.map(of)));
  return {
    name: figures[0]?.name ?? '',
    messagesPerSecond: pick((one) => one.messagesPerSecond),
    cpuMicrosecondsPerMessage: pick((one) => one.cpuMicrosecondsPerMessage),
    acknowledgeP50Ms: pick((one) => one.acknowledgeP50Ms),
    acknowledgeP99Ms: pick((one) => one.acknowledgeP99Ms),
    residentMegabytes: pick((one) => one.residentMegabytes),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function brief({ name, messagesPerSecond, cpuMicrosecondsPerMessage, residentMegabytes }: Figures): string {
  return `${name} ${messagesPerSecond} messages/s, ${cpuMicrosecondsPerMessage} µs CPU a message, ${residentMegabytes} MB`;
}
