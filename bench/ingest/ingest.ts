import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../bench-options.ts';
import type { LoadKind } from '../load/run-load.ts';
import { startAedes } from '../peers/aedes.ts';
import { startMosquitto } from '../peers/mosquitto.ts';
import { createPeerPki } from '../peers/test-pki.ts';
import { measurePeer, type PeerFigures } from './measure-peer.ts';
import { measurePlatform, type PlatformFigures } from './measure-platform.ts';
import { startPlatform } from './platform-under-test.ts';

/** Each figure is the median of this many rounds; peers and platform take turns, so that drift hits all alike. */
const ROUNDS = 3;
const CONNECTIONS = 10;
/** Unacknowledged messages of a connection, as many as AWS IoT allows. */
const WINDOW = 100;
const DEFAULT_SECONDS = 6;
/** Unmeasured publishing before the rounds of a load: function processes start, code is compiled. */
const WARM_UP_SECONDS = 4;
const LOAD: LoadKind = 'mqttjs';

interface Comparison {
  readonly samplesPerMessage: number;
  readonly platform: PlatformFigures;
  readonly peers: readonly PeerFigures[];
  /** Platform's samples a second, until queryable, over Mosquitto's published samples a second. */
  readonly ratioToMosquitto: number | null;
  readonly ratioToAedes: number | null;
  /** Platform's samples a second, until queryable, over Mosquitto's published messages a second. */
  readonly samplesToMosquittoMessages: number | null;
}

/**
 * Devices that were onboarded by claim publish QoS 1 over mTLS through rule, queue, function and store, until every row
 * is queryable; bare brokers receive the same publishes from the same load client in the same run.
 */
export async function run(options: BenchOptions): Promise<object> {
  const seconds = options.seconds ?? DEFAULT_SECONDS;
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-'));
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const pki = createPeerPki(join(directory, 'pki'));
  say('starting the platform and onboarding devices');
  const platform = await startPlatform(join(directory, 'platform'), CONNECTIONS);
  const mosquitto = await startMosquitto(directory, pki);
  if (mosquitto === undefined) say('mosquitto is not installed: its rows are left out');
  const aedes = await startAedes(pki);
  const peers = mosquitto === undefined ? [aedes] : [mosquitto, aedes];
  try {
    const comparisons: Comparison[] = [];
    for (const samplesPerMessage of [1, 10]) {
      const load = { kind: LOAD, window: WINDOW, seconds, samplesPerMessage, connections: CONNECTIONS };
      const rounds: { platform: PlatformFigures; peers: PeerFigures[] }[] = [];
      await measurePlatform(platform, { ...load, seconds: WARM_UP_SECONDS });
      for (let round = 1; round <= ROUNDS; round++) {
        const figures = [];
        for (const peer of peers) figures.push(await measurePeer(peer, pki, load));
        const own = await measurePlatform(platform, load);
        rounds.push({ platform: own, peers: figures });
        say(
          `${samplesPerMessage} per message, round ${round}: ${own.samplesPerSecond} samples/s queryable; ` +
            figures.map((peer) => `${peer.name} ${peer.messagesPerSecond} messages/s`).join('; '),
        );
      }
      comparisons.push(compare(samplesPerMessage, rounds));
    }
    const result = {
      bench: 'ingest',
      load: LOAD,
      rounds: ROUNDS,
      connections: CONNECTIONS,
      window: WINDOW,
      seconds,
      comparisons,
    };
    for (const comparison of comparisons) say(describe(comparison));
    return result;
  } finally {
    await Promise.allSettled([platform.stop(), ...peers.map((peer) => peer.stop())]);
    rmSync(directory, { recursive: true, force: true });
  }
}

function compare(
  samplesPerMessage: number,
  rounds: readonly { platform: PlatformFigures; peers: readonly PeerFigures[] }[],
): Comparison {
  const middle = [...rounds].sort((a, b) => a.platform.samplesPerSecond - b.platform.samplesPerSecond)[
    Math.floor(rounds.length / 2)
  ] as (typeof rounds)[number];
  const ratio = (name: string): number | null => {
    const ratios = rounds.flatMap(({ platform, peers }) =>
      peers
        .filter((peer) => peer.name === name)
        .map((peer) => platform.samplesPerSecond / (peer.messagesPerSecond * samplesPerMessage)),
    );
    const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
    return median === undefined ? null : Number(median.toFixed(3));
  };
  const ratioToMosquitto = ratio('mosquitto');
  return {
    samplesPerMessage,
    platform: middle.platform,
    peers: middle.peers,
    ratioToMosquitto,
    ratioToAedes: ratio('aedes'),
    samplesToMosquittoMessages:
      ratioToMosquitto === null ? null : Number((ratioToMosquitto * samplesPerMessage).toFixed(3)),
  };
}

function describe(comparison: Comparison): string {
  const { samplesPerMessage, platform, peers, ratioToAedes, ratioToMosquitto } = comparison;
  return [
    `${samplesPerMessage} sample${samplesPerMessage === 1 ? '' : 's'} a message:`,
    `  platform   ${platform.messagesPerSecond} messages/s, ${platform.samplesPerSecond} samples/s until queryable, ` +
      `publish to queryable p50 ${platform.queryableP50Ms} ms p99 ${platform.queryableP99Ms} ms, ` +
      `server CPU ${platform.cpuMicrosecondsPerMessage} µs a message (${platform.cpuMicrosecondsPerSample} µs a sample), ` +
      `${platform.residentMegabytes} MB`,
    ...peers.map(
      (peer) =>
        `  ${peer.name.padEnd(9)}  ${peer.messagesPerSecond} messages/s, server CPU ${peer.cpuMicrosecondsPerMessage} µs a message, ${peer.residentMegabytes} MB`,
    ),
    `  ratio      ${ratioToMosquitto ?? '–'} of mosquitto, ${ratioToAedes ?? '–'} of aedes, sample for sample`,
    `  samples/s  ${comparison.samplesToMosquittoMessages ?? '–'} of mosquitto's messages/s`,
  ].join('\n');
}
