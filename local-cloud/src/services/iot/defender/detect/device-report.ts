import { isIP } from 'node:net';
import type { CustomMetricType, MetricValue } from '@aws-sdk/client-iot';

/** Why a report is not taken. `code` is what devices are told as `ErrorCode`. */
export class ReportRejection extends Error {
  override readonly name = 'ReportRejection';
  readonly code: 'InvalidPayload' | 'Throttled';

  constructor(code: 'InvalidPayload' | 'Throttled', message: string) {
    super(message);
    this.code = code;
  }
}

export interface DeviceReport {
  readonly reportId: number;
  /** By metric. */
  readonly values: ReadonlyMap<string, MetricValue>;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a report of a device agent (developer guide, `detect-device-side-metrics`, "Device metrics document
 * specification"), with long or short names. Members that the specification does not know are passed over: versions may
 * add some.
 *
 * @throws ReportRejection InvalidPayload
 */
export function readReport(
  document: unknown,
  customType: (name: string) => CustomMetricType | undefined,
): DeviceReport {
  const report = object(document);
  const header = object(member(report, 'header', 'hed'));
  const reportId = member(header, 'report_id', 'rid');
  const version = member(header, 'version', 'v');
  if (!Number.isSafeInteger(reportId) || (reportId as number) < 0) throw malformed();
  if (typeof version !== 'string' || !/^[0-9]+\.[0-9]+$/.test(version)) throw malformed();
  const metrics = member(report, 'metrics', 'met');
  const custom = member(report, 'custom_metrics', 'cmet');
  if (metrics === undefined && custom === undefined) throw malformed();
  const values = new Map<string, MetricValue>();
  if (metrics !== undefined) readMetrics(object(metrics), values);
  if (custom !== undefined) readCustomMetrics(object(custom), customType, values);
  return { reportId: reportId as number, values };
}

function readMetrics(metrics: Json, values: Map<string, MetricValue>): void {
  const kinds = [
    ['listening_tcp_ports', 'tp', 'tcp'],
    ['listening_udp_ports', 'up', 'udp'],
  ] as const;
  for (const [long, short, protocol] of kinds) {
    const block = optional(metrics, long, short);
    if (block === undefined) continue;
    const list = member(block, 'ports', 'pts');
    const ports =
      list === undefined ? undefined : array(list).map((port) => amount(member(object(port), 'port', 'pt')));
    if (ports !== undefined) values.set(`aws:listening-${protocol}-ports`, { ports });
    countOf(values, `aws:num-listening-${protocol}-ports`, member(block, 'total', 't'), ports?.length);
  }
  const network = optional(metrics, 'network_stats', 'ns');
  if (network !== undefined) {
    countOf(values, 'aws:all-bytes-in', member(network, 'bytes_in', 'bi'));
    countOf(values, 'aws:all-bytes-out', member(network, 'bytes_out', 'bo'));
    countOf(values, 'aws:all-packets-in', member(network, 'packets_in', 'pi'));
    countOf(values, 'aws:all-packets-out', member(network, 'packets_out', 'po'));
  }
  const connections = optional(metrics, 'tcp_connections', 'tc');
  const established = connections && optional(connections, 'established_connections', 'ec');
  if (established === undefined) return;
  const list = member(established, 'connections', 'cs');
  const addresses = list === undefined ? undefined : array(list).map(remoteAddress);
  if (addresses !== undefined) values.set('aws:destination-ip-addresses', { cidrs: [...new Set(addresses)] });
  countOf(values, 'aws:num-established-tcp-connections', member(established, 'total', 't'), addresses?.length);
}

function readCustomMetrics(
  metrics: Json,
  customType: (name: string) => CustomMetricType | undefined,
  values: Map<string, MetricValue>,
): void {
  for (const [name, list] of Object.entries(metrics)) {
    const type = customType(name);
    // "it must be passed as an array with a single value" (`device-defender-troubleshoot`)
    const [entry, ...more] = array(list);
    if (type === undefined || more.length > 0) throw malformed();
    values.set(name, customValue(type, object(entry)));
  }
}

function customValue(type: CustomMetricType, entry: Json): MetricValue {
  switch (type) {
    case 'number':
      return { number: number(entry.number) };
    case 'number-list':
      return { numbers: array(entry.number_list).map(number) };
    case 'string-list':
      return { strings: array(entry.string_list).map(text) };
    case 'ip-address-list':
      return { cidrs: array(entry.ip_list).map((address) => ipAddress(text(address))) };
  }
}

function countOf(values: Map<string, MetricValue>, metric: string, given: unknown, otherwise?: number): void {
  const count = given === undefined ? otherwise : amount(given);
  if (count !== undefined) values.set(metric, { count });
}

/** `192.168.0.1:8000`, `[2001:db8::1]:8000` or `2001:db8::1:8000` */
function remoteAddress(connection: unknown): string {
  const address = text(member(object(connection), 'remote_addr', 'rad'));
  return ipAddress(address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, ''));
}

function ipAddress(address: string): string {
  if (isIP(address) === 0) throw malformed();
  return address;
}

function member(block: Json, long: string, short: string): unknown {
  return block[long] ?? block[short];
}

function optional(block: Json, long: string, short: string): Json | undefined {
  const value = member(block, long, short);
  return value === undefined ? undefined : object(value);
}

function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as Json;
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed();
  return value;
}

function amount(value: unknown): number {
  const given = typeof value === 'bigint' ? Number(value) : number(value);
  if (given < 0) throw malformed();
  return given;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw malformed();
  return value;
}

/** The words of AWS's answer (`device-defender-troubleshoot`). */
export function malformed(): ReportRejection {
  return new ReportRejection('InvalidPayload', 'Malformed metrics report');
}
