import type { NetworkSnapshot } from './network-source.ts';
import { type InterfaceCounters, type ProcSocket, trafficSince } from './proc-net.ts';

/** A value of a custom metric, by its type in AWS IoT (developer guide, "Custom metrics"). */
export type CustomMetricValue =
  | { readonly number: number }
  | { readonly number_list: readonly number[] }
  | { readonly string_list: readonly string[] }
  | { readonly ip_list: readonly string[] };

export interface ReportParts {
  readonly reportId: number;
  readonly network: NetworkSnapshot;
  /** Counters at the last report that was taken: what it tells of bytes and packets is what came since. */
  readonly since: ReadonlyMap<string, InterfaceCounters>;
  readonly custom: Readonly<Record<string, CustomMetricValue>>;
}

/** Major.Minor; of this composition of metrics. */
const VERSION = '1.0';
/** Ports and connections that are listed; `total` counts all. Keeps a report far below the largest message. */
const MAX_LISTED = 500;

interface ListedPort {
  readonly pt: number;
  readonly if?: string;
}

/**
 * A report for AWS IoT Device Defender with short names (developer guide, "Device-side metrics", "Device metrics
 * document specification"). Bytes and packets are deltas.
 */
export function metricsReport({ custom, network, reportId, since }: ReportParts): object {
  const traffic = trafficSince(since, network.counters);
  const tcp = portsOf(network.listeningTcp, network);
  const udp = portsOf(network.listeningUdp, network);
  const connections = network.established.map((socket) => ({
    rad: remoteText(socket),
    lp: socket.local.port,
    ...interfaceOf(socket, network, 'li'),
  }));
  return {
    hed: { rid: reportId, v: VERSION },
    met: {
      tp: { pts: tcp.slice(0, MAX_LISTED), t: tcp.length },
      up: { pts: udp.slice(0, MAX_LISTED), t: udp.length },
      ns: { bi: traffic.bytesIn, bo: traffic.bytesOut, pi: traffic.packetsIn, po: traffic.packetsOut },
      tc: { ec: { cs: connections.slice(0, MAX_LISTED), t: connections.length } },
    },
    // "it must be passed as an array with a single value" (developer guide, "Troubleshooting", Device Defender)
    ...(Object.keys(custom).length > 0 && {
      cmet: Object.fromEntries(Object.entries(custom).map(([name, value]) => [name, [value]])),
    }),
  };
}

/** Each port once for each interface that it is open on; in order. */
function portsOf(sockets: readonly ProcSocket[], network: NetworkSnapshot): ListedPort[] {
  const ports = new Map<string, ListedPort>();
  for (const socket of sockets) {
    const port = { pt: socket.local.port, ...interfaceOf(socket, network, 'if') };
    ports.set(`${port.pt} ${port.if ?? ''}`, port);
  }
  return [...ports.values()].sort((left, right) => left.pt - right.pt);
}

function interfaceOf<K extends 'if' | 'li'>(
  socket: ProcSocket,
  network: NetworkSnapshot,
  key: K,
): { [P in K]?: string } {
  const name = network.interfaceOf(socket.local.address);
  return (name === undefined ? {} : { [key]: name }) as { [P in K]?: string };
}

function remoteText({ remote }: ProcSocket): string {
  return `${remote.address}:${remote.port}`;
}
