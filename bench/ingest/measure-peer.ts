import { processUsage } from '../load/process-usage.ts';
import { type LoadKind, runLoad } from '../load/run-load.ts';
import type { Peer } from '../peers/peer.ts';
import type { PeerPki } from '../peers/test-pki.ts';

export interface LoadShape {
  readonly kind: LoadKind;
  readonly window: number;
  readonly seconds: number;
  readonly samplesPerMessage: number;
  readonly connections: number;
}

export interface PeerFigures {
  readonly name: string;
  readonly version: string;
  readonly messagesPerSecond: number;
  readonly cpuMicrosecondsPerMessage: number;
  readonly residentMegabytes: number;
}

/** Publishes to a bare broker; nobody subscribes. */
export async function measurePeer(peer: Peer, pki: PeerPki, load: LoadShape): Promise<PeerFigures> {
  const before = processUsage(peer.pid);
  const result = await runLoad(load.kind, {
    host: 'localhost',
    port: peer.port,
    caFile: pki.caFile,
    window: load.window,
    seconds: load.seconds,
    samplesPerMessage: load.samplesPerMessage,
    clients: Array.from({ length: load.connections }, (_, index) => ({
      clientId: `bench-${index}`,
      topic: `$aws/rules/fleetwright_dev_telemetry/fleetwright-dev/north/pump-station/bench-${index}/telemetry`.slice(
        1,
      ),
      certificatePem: pki.clientCertificatePem,
      privateKeyPem: pki.clientKeyPem,
      bootId: 1,
    })),
  });
  const after = processUsage(peer.pid);
  return {
    name: peer.name,
    version: peer.version,
    messagesPerSecond: Math.round((result.messages * 1000) / result.elapsedMs),
    cpuMicrosecondsPerMessage: round((after.cpuMicroseconds - before.cpuMicroseconds) / result.messages),
    residentMegabytes: Math.round(after.residentBytes / 1_048_576),
  };
}

export function round(value: number): number {
  return Number(value.toFixed(1));
}
