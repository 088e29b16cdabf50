import type { CustomMetricType } from '@aws-sdk/client-iot';
import { readReport } from './device-report.ts';

// The documents of developer guide, `detect-device-side-metrics`, "Device metrics document specification".

const TYPES: Record<string, CustomMetricType> = {
  MyMetricOfType_Number: 'number',
  MyMetricOfType_NumberList: 'number-list',
  MyMetricOfType_StringList: 'string-list',
  MyMetricOfType_IpList: 'ip-address-list',
};
const typeOf = (name: string) => TYPES[name];
const read = (document: unknown) => readReport(document, typeOf);

const CUSTOM = {
  MyMetricOfType_Number: [{ number: 1 }],
  MyMetricOfType_NumberList: [{ number_list: [1, 2, 3] }],
  MyMetricOfType_StringList: [{ string_list: ['value_1', 'value_2'] }],
  MyMetricOfType_IpList: [{ ip_list: ['172.0.0.0', '172.0.0.10'] }],
};

const LONG = {
  header: { report_id: 1530304554, version: '1.0' },
  metrics: {
    listening_tcp_ports: { ports: [{ interface: 'eth0', port: 24800 }, { port: 22 }], total: 2 },
    listening_udp_ports: { ports: [{ interface: 'eth0', port: 5353 }], total: 1 },
    network_stats: { bytes_in: 29358693495, bytes_out: 26485035, packets_in: 10013573555, packets_out: 11382615 },
    tcp_connections: {
      established_connections: {
        connections: [
          { local_interface: 'eth0', local_port: 80, remote_addr: '192.168.0.1:8000' },
          { local_interface: 'eth0', local_port: 80, remote_addr: '192.168.0.1:8000' },
        ],
        total: 2,
      },
    },
  },
  custom_metrics: CUSTOM,
};

const SHORT = {
  hed: { rid: 1530304554, v: '1.0' },
  met: {
    tp: { pts: [{ if: 'eth0', pt: 24800 }, { pt: 22 }], t: 2 },
    up: { pts: [{ if: 'eth0', pt: 5353 }], t: 1 },
    ns: { bi: 29358693495, bo: 26485035, pi: 10013573555, po: 11382615 },
    tc: { ec: { cs: [{ li: 'eth0', lp: 80, rad: '192.168.0.1:8000' }, { rad: '192.168.0.1:8000' }], t: 2 } },
  },
  cmet: CUSTOM,
};

test.each([
  ['long', LONG],
  ['short', SHORT],
])('a report with %s names is read', (_, document) => {
  const { reportId, values } = read(document);
  expect(reportId).toBe(1530304554);
  expect(Object.fromEntries(values)).toEqual({
    'aws:listening-tcp-ports': { ports: [24800, 22] },
    'aws:num-listening-tcp-ports': { count: 2 },
    'aws:listening-udp-ports': { ports: [5353] },
    'aws:num-listening-udp-ports': { count: 1 },
    'aws:all-bytes-in': { count: 29358693495 },
    'aws:all-bytes-out': { count: 26485035 },
    'aws:all-packets-in': { count: 10013573555 },
    'aws:all-packets-out': { count: 11382615 },
    'aws:destination-ip-addresses': { cidrs: ['192.168.0.1'] },
    'aws:num-established-tcp-connections': { count: 2 },
    MyMetricOfType_Number: { number: 1 },
    MyMetricOfType_NumberList: { numbers: [1, 2, 3] },
    MyMetricOfType_StringList: { strings: ['value_1', 'value_2'] },
    MyMetricOfType_IpList: { cidrs: ['172.0.0.0', '172.0.0.10'] },
  });
});

const HEADER = { report_id: 1, version: '1.0' };

test.each<[string, unknown]>([
  ['no header', { metrics: {} }],
  ['no report id', { header: { version: '1.0' }, metrics: {} }],
  ['a version that is a number', { header: { report_id: 1, version: 1 }, metrics: {} }],
  ['no metrics at all', { header: HEADER }],
  ['a negative count', { header: HEADER, metrics: { network_stats: { bytes_in: -1 } } }],
  ['an address that is none', { header: HEADER, metrics: { tc: { ec: { cs: [{ rad: 'host:80' }] } } } }],
  ['a custom number outside a list', { header: HEADER, custom_metrics: { MyMetricOfType_Number: { number: 0 } } }],
  ['a custom metric of another type', { header: HEADER, custom_metrics: { MyMetricOfType_Number: [{ ip_list: [] }] } }],
  ['an unknown custom metric', { header: HEADER, custom_metrics: { unknown: [{ number: 0 }] } }],
  ['a list', []],
])('%s is malformed', (_, document) => {
  expect(() => read(document)).toThrow(expect.objectContaining({ code: 'InvalidPayload' }));
});
