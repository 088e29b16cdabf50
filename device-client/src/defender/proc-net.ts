import { isIPv4 } from 'node:net';

/** States of a socket in `/proc/net/tcp` (Linux, `include/net/tcp_states.h`). */
const ESTABLISHED = 0x01;
const LISTEN = 0x0a;

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export interface ProcSocket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly state: number;
}

export interface InterfaceCounters {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

/**
 * Sockets of `/proc/net/tcp`, `tcp6`, `udp` or `udp6` (proc_pid_net(5)). Lines that are none are passed over.
 * @param isLittleEndian the machine's byte order, in which the kernel prints each 32-bit word of an address
 */
export function parseSockets(text: string, isLittleEndian = true): ProcSocket[] {
  const sockets: ProcSocket[] = [];
  for (const line of text.split('\n')) {
    const [number, local, remote, state] = line.trim().split(/\s+/);
    if (number === undefined || !/^\d+:$/.test(number) || state === undefined) continue;
    const from = parseAddress(local as string, isLittleEndian);
    const to = parseAddress(remote as string, isLittleEndian);
    if (from === undefined || to === undefined) continue;
    sockets.push({ local: from, remote: to, state: Number.parseInt(state, 16) });
  }
  return sockets;
}

export function listeningSockets(tcp: readonly ProcSocket[]): ProcSocket[] {
  return tcp.filter(({ state }) => state === LISTEN);
}

export function establishedSockets(tcp: readonly ProcSocket[]): ProcSocket[] {
  return tcp.filter(({ state }) => state === ESTABLISHED);
}

/** UDP sockets that take datagrams from anybody: bound, and connected to nobody. */
export function openDatagramSockets(udp: readonly ProcSocket[]): ProcSocket[] {
  return udp.filter(({ local, remote }) => local.port > 0 && remote.port === 0);
}

/** Counters of `/proc/net/dev` by interface, without the loopback (proc_pid_net(5)). */
export function parseInterfaces(text: string): Map<string, InterfaceCounters> {
  const counters = new Map<string, InterfaceCounters>();
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(':');
    if (at < 0) continue;
    const name = line.slice(0, at).trim();
    const fields = line
      .slice(at + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [bytesIn, packetsIn] = fields;
    const [bytesOut, packetsOut] = fields.slice(8);
    if (name === '' || name === 'lo') continue;
    const read = { bytesIn, packetsIn, bytesOut, packetsOut };
    if (Object.values(read).every((value) => Number.isSafeInteger(value))) {
      counters.set(name, read as InterfaceCounters);
    }
  }
  return counters;
}

/**
 * What went through since `before`. An interface that is new, or whose counters began anew, counts from zero; one that
 * is gone, not at all.
 */
export function trafficSince(
  before: ReadonlyMap<string, InterfaceCounters>,
  now: ReadonlyMap<string, InterfaceCounters>,
): InterfaceCounters {
  const total = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };
  for (const [name, counters] of now) {
    const earlier = before.get(name);
    for (const key of Object.keys(total) as (keyof InterfaceCounters)[]) {
      const since = counters[key] - (earlier?.[key] ?? 0);
      total[key] += since >= 0 ? since : counters[key];
    }
  }
  return total;
}

/** `0100007F:1F90`, or 32 digits of four words for IPv6. */
function parseAddress(text: string, isLittleEndian: boolean): SocketAddress | undefined {
  const [digits, port] = text.split(':');
  if (digits === undefined || port === undefined || !/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(digits)) return undefined;
  const bytes: number[] = [];
  for (let word = 0; word < digits.length; word += 8) {
    const octets = [0, 2, 4, 6].map((at) => Number.parseInt(digits.slice(word + at, word + at + 2), 16));
    bytes.push(...(isLittleEndian ? octets.reverse() : octets));
  }
  const address = bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes);
  return { address, port: Number.parseInt(port, 16) };
}

const MAPPED = '00000000000000000000ffff';

/** As RFC 5952 wants it; an IPv4 address in IPv6's clothes is told as what it is. */
function ipv6Text(bytes: readonly number[]): string {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const mapped = bytes.slice(12).join('.');
  if (hex.startsWith(MAPPED) && isIPv4(mapped)) return mapped;
  const groups = Array.from({ length: 8 }, (_, at) => Number.parseInt(hex.slice(4 * at, 4 * at + 4), 16).toString(16));
  let best = { from: -1, length: 1 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === '0') length++;
    if (length > best.length) best = { from, length };
  }
  if (best.from < 0) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`;
}
