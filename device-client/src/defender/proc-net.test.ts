import {
  establishedSockets,
  listeningSockets,
  openDatagramSockets,
  parseInterfaces,
  parseSockets,
  trafficSince,
} from './proc-net.ts';

// Layout of the files: proc_pid_net(5).
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 651 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 652 1 0000000000000000 100 0 0 10 0
   2: 0A01A8C0:C350 0101A8C0:22B3 01 00000000:00000000 02:00000A78 00000000  1000        0 653 2 0000000000000000 20 4 30 10 -1
   3: 0100007F:6D36 0100007F:A4F6 06 00000000:00000000 03:00000A78 00000000     0        0 0 3 0000000000000000
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 700 1 0000000000000000 100 0 0 10 0
   1: B80D0120000000000000000001000000:01BB B80D0120000000000000000002000000:D431 01 00000000:00000000 00:00000000 00000000     0        0 701 1 0000000000000000 20 0 0 10 -1
   2: 0000000000000000FFFF00000A01A8C0:01BB 0000000000000000FFFF00000201A8C0:D432 01 00000000:00000000 00:00000000 00000000     0        0 702 1 0000000000000000 20 0 0 10 -1
`;
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  12: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   107        0 800 2 0000000000000000 0
  13: 0A01A8C0:8D21 0101A8C0:0035 01 00000000:00000000 00:00000000 00000000   101        0 801 2 0000000000000000 0
`;
const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5941 48    0  623    0     0          0         0 5941 48    0    0    0     0       0          0
  eth0: 1000 10    0    0    0     0          0         0 500 5    0    0    0     0       0          0
wlan0:20 2 0 0 0 0 0 0 30 3 0 0 0 0 0 0
`;

test('sockets are read with their addresses, ports and states', () => {
  const sockets = parseSockets(TCP);
  expect(sockets).toHaveLength(4);
  expect(sockets[2]).toEqual({
    local: { address: '192.168.1.10', port: 50_000 },
    remote: { address: '192.168.1.1', port: 8883 },
    state: 1,
  });
  expect(listeningSockets(sockets).map(({ local }) => local)).toEqual([
    { address: '0.0.0.0', port: 22 },
    { address: '127.0.0.1', port: 8080 },
  ]);
  expect(establishedSockets(sockets)).toEqual([sockets[2]]);
});

test('IPv6 addresses are written as RFC 5952 wants, and IPv4 ones in them as IPv4', () => {
  const sockets = parseSockets(TCP6);
  expect(sockets.map(({ local }) => local.address)).toEqual(['::', '2001:db8::1', '192.168.1.10']);
  expect(sockets[1]?.remote).toEqual({ address: '2001:db8::2', port: 54_321 });
});

test('on a machine of the other byte order the words are taken as they stand', () => {
  expect(parseSockets('0: C0A8010A:0050 00000000:0000 0A', false)[0]?.local).toEqual({
    address: '192.168.1.10',
    port: 80,
  });
});

test('a connected UDP socket is not open to others', () => {
  expect(openDatagramSockets(parseSockets(UDP)).map(({ local }) => local.port)).toEqual([5353]);
});

test.each(['', 'nonsense', '0: short:1 x', '  1: 0100007F 00000000:0000 0A'])('%j holds no sockets', (text) => {
  expect(parseSockets(text)).toEqual([]);
});

test('counters of interfaces are read without the loopback, also where no space follows the colon', () => {
  expect(Object.fromEntries(parseInterfaces(DEV))).toEqual({
    eth0: { bytesIn: 1000, packetsIn: 10, bytesOut: 500, packetsOut: 5 },
    wlan0: { bytesIn: 20, packetsIn: 2, bytesOut: 30, packetsOut: 3 },
  });
});

test('traffic is what came since: new interfaces whole, counters that began anew from zero', () => {
  const counters = (n: number) => ({ bytesIn: n, packetsIn: n, bytesOut: n, packetsOut: n });
  const before = new Map([
    ['eth0', counters(100)],
    ['eth1', counters(100)],
    ['gone', counters(7)],
  ]);
  const now = new Map([
    ['eth0', counters(130)],
    ['eth1', counters(4)],
    ['new0', counters(5)],
  ]);
  expect(trafficSince(before, now)).toEqual(counters(30 + 4 + 5));
});
