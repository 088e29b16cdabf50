import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '../telemetry/testing/feature-context.ts';
import { Liveness } from './liveness.ts';
import { ServiceManager } from './service-manager.ts';

const SYSTEMD = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '180000000', WATCHDOG_PID: '42' };

function service(environment: Record<string, string> = SYSTEMD, fail = false) {
  const { clock, lines, log } = testContext();
  const said: string[] = [];
  const manager = new ServiceManager({
    environment,
    processes: [42, 7],
    clock,
    log,
    async notify(assignments) {
      if (fail) throw new Error('spawn systemd-notify ENOENT');
      said.push(assignments.join(' '));
    },
  });
  return { clock, lines, manager, said };
}

// Source: sd_notify(3), sd_watchdog_enabled(3).
test('a service says when it is up, what it does, and when it ends', async () => {
  const { clock, manager, said } = service();
  manager.ready('provisioned');
  await clock.settle();
  manager.status('active, connected');
  await clock.settle();
  manager.status('active, connected');
  manager.status('active,\nnot connected');
  await clock.settle();
  manager.stopping('told to stop');
  await clock.settle();
  expect(said).toEqual([
    'READY=1 STATUS=provisioned',
    'STATUS=active, connected',
    'STATUS=active, not connected',
    'STOPPING=1 STATUS=stopping: told to stop',
  ]);
});

test('the watchdog gets three signs in its time while the agent is alive, and none when it is not, or stops', async () => {
  const { clock, lines, manager, said } = service();
  let alive = true;
  manager.watch(() => alive);
  await clock.pass(179_000);
  expect(said).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
  alive = false;
  await clock.pass(600_000);
  expect(said).toHaveLength(3);
  expect(lines).toContain('error nothing was heard of the connection for too long: the watchdog gets no sign');
  alive = true;
  await clock.pass(60_000);
  expect(said).toHaveLength(4);
  manager.stopping('told to stop');
  await clock.pass(600_000);
  expect(said).toHaveLength(5);
});

test.each<[string, Record<string, string>]>([
  ['no systemd', {}],
  ['systemd without a watchdog', { NOTIFY_SOCKET: '/run/systemd/notify' }],
  ['the watchdog of another process', { ...SYSTEMD, WATCHDOG_PID: '43' }],
])('with %s there are no signs', async (_what, environment) => {
  const { clock, manager, said } = service(environment);
  manager.watch(() => true);
  await clock.pass(600_000);
  expect(said).toEqual([]);
});

test('a system without systemd-notify is complained of once', async () => {
  const { clock, lines, manager } = service(SYSTEMD, true);
  manager.ready('active');
  manager.watch(() => true);
  await clock.pass(600_000);
  expect(lines).toEqual(['error the service manager cannot be told']);
});

test('an agent is alive that is connected, or whose next sign is not overdue', () => {
  let now = 0;
  const liveness = new Liveness(100, () => now);
  now = 100;
  expect(liveness.isAlive(false)).toBe(true);
  now = 101;
  expect(liveness.isAlive(false)).toBe(false);
  expect(liveness.isAlive(true)).toBe(true);
  now = 202;
  expect(liveness.isAlive(false)).toBe(false);
  liveness.sign(1_000);
  now = 1_202;
  expect(liveness.isAlive(false)).toBe(true);
  now = 1_203;
  expect(liveness.isAlive(false)).toBe(false);
});

/** Binds a datagram socket, as systemd does, and prints what comes; Node.js cannot. */
const RECEIVER = `
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 1024)
    for _, _, fds in ancillary:
        for fd in array.array('i', fds[:len(fds) - len(fds) % 4]): os.close(fd)
    print(data.decode().replace('\\n', ' ').strip(), flush=True)
`;
function has(...command: [string, string]): boolean {
  try {
    execFileSync(command[0], [command[1]], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const hasTools = has('systemd-notify', '--version') && has('python3', '--version');
const withTools = hasTools ? test : test.skip;
const why = hasTools ? '' : ' (skipped: systemd-notify or python3 is not installed)';

withTools(`systemd-notify brings it to the socket of the service manager${why}`, async () => {
  const { clock, lines, log } = testContext();
  const NOTIFY_SOCKET = join(mkdtempSync(join(tmpdir(), 'notify-')), 'socket');
  const receiver = spawn('python3', ['-c', RECEIVER, NOTIFY_SOCKET], { stdio: ['ignore', 'pipe', 'inherit'] });
  const received: string[] = [];
  let arrived = (): void => {};
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => {
    received.push(...text.split('\n').filter((line) => line !== ''));
    arrived();
  });
  const until = async (count: number): Promise<void> => {
    while (received.length < count) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  };
  try {
    await until(1);
    const environment = { NOTIFY_SOCKET, PATH: process.env.PATH, WATCHDOG_USEC: '180000000' };
    const manager = new ServiceManager({ environment, processes: [process.pid], clock, log });
    manager.ready('active, connected as pump-1');
    await until(2);
    // Some versions send a barrier of their own after each message.
    expect(received[1]).toContain('READY=1');
    expect(received[1]).toContain('STATUS=active, connected as pump-1');
    expect(lines).toEqual([]);
  } finally {
    receiver.kill();
  }
});
