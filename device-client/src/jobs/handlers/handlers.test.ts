import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '../../../../test/support/certificates.ts';
import { systemClock } from '../../clock.ts';
import { SimulatedClock } from '../../telemetry/testing/simulated-clock.ts';
import { type JobDocumentOf, type JobExecution, JobStopped, type JsonValue } from '../job-handler.ts';
import { statusDetails } from '../status-details.ts';
import { configureHandler } from './configure.ts';
import { rebootHandler } from './reboot.ts';
import { rotateCertificateHandler } from './rotate-certificate.ts';
import { OUTPUT_LIMIT, runProgram } from './run-program.ts';
import { runScriptHandler } from './run-script.ts';
import { installedScript } from './script-directory.ts';
import { uploadLogsHandler } from './upload-logs.ts';

const OWNER = process.getuid?.() ?? 0;
const common = { version: 1, nonce: '0'.repeat(32), issuedAt: 0, expiresAt: 1 } as const;

/** What a handler is given, with what it keeps and reports in reach. */
function execution<
  Operation extends JobDocumentOf<'run'>['operation'] | 'reboot' | 'configure' | 'rotate-certificate' | 'upload-logs',
>(document: JobDocumentOf<Operation>, progress?: JsonValue) {
  const stop = new AbortController();
  const kept: JsonValue[] = progress === undefined ? [] : [progress];
  const given: JobExecution<Operation> = {
    jobId: 'job',
    executionNumber: 1,
    document,
    attempt: kept.length + 1,
    get progress() {
      return kept.at(-1);
    },
    signal: stop.signal,
    keep: (value) => void kept.push(value),
    report: () => {},
    renew: async () => document,
  };
  return { given, kept, stop: () => stop.abort(new JobStopped('stopping', 'the agent stops')) };
}

const scripts = mkdtempSync(join(tmpdir(), 'fleetwright-scripts-'));
chmodSync(scripts, 0o755);

function install(name: string, lines: string, mode = 0o755): string {
  const path = join(scripts, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, mode);
  return path;
}

const run = (script: string, timeoutSeconds = 10, args: string[] = []): JobDocumentOf<'run'> => ({
  ...common,
  operation: 'run',
  script,
  arguments: args,
  timeoutSeconds,
});

describe('a script', () => {
  const handler = runScriptHandler({ directory: scripts, owner: OWNER });

  test('gets its arguments as they are, next to nothing of the environment, and no input', async () => {
    process.env.SECRET_OF_THE_AGENT = 'secret';
    install('shows', 'printf "%s|" "$@"; env | sort | cut -d= -f1 | tr "\\n" " "; pwd; cat');
    const { given } = execution(run('shows', 10, ['a b', '$(id)', '; true', '']));
    const result = await handler.run(given);
    expect(result).toMatchObject({ status: 'succeeded' });
    const { output } = (result as unknown as { details: { output: string } }).details;
    expect(output).toMatch(/^a b\|\$\(id\)\|; true\|\|/);
    expect(output).toMatch(/FLEETWRIGHT_JOB LANG PATH/);
    expect(output).not.toContain('SECRET_OF_THE_AGENT');
    expect(output).toMatch(/\/\n$/);
  });

  test('that writes without end is bounded to the newest of its words', async () => {
    install('talks', 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done; echo last');
    const { given } = execution(run('talks'));
    const { details } = (await handler.run(given)) as unknown as { details: { output: string } };
    expect(details.output.length).toBe(OUTPUT_LIMIT);
    expect(details.output).toMatch(/line 2999\nlast\n$/);
    expect(statusDetails(details).output?.length).toBeLessThanOrEqual(1_024);
  });

  test('is ended at its time with all that it started, also what ignores the first signal', async () => {
    const marker = join(scripts, 'stubborn-pids');
    install('stubborn', `trap '' TERM; (trap '' TERM; echo $$ > ${marker}; sleep 60) & sleep 60`);
    const result = await handler.run(execution(run('stubborn', 1)).given);
    expect(result).toMatchObject({ status: 'failed', details: { reason: 'TIMED_OUT' } });
    expect(await groupEnds(Number(readFileSync(marker, 'utf8')))).toBe(true);
  });

  test('that leaves something running in the background ends with what it left', async () => {
    const marker = join(scripts, 'left-pid');
    install('leaves', `echo $$ > ${marker}; sleep 60 & exit 0`);
    const began = Date.now();
    expect(await handler.run(execution(run('leaves', 30)).given)).toMatchObject({ status: 'succeeded' });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(await groupEnds(Number(readFileSync(marker, 'utf8')))).toBe(true);
  });

  test('that an earlier life of the agent has left running is ended, and is not run again', async () => {
    install('orphan', 'sleep 60');
    const first = execution(run('orphan'));
    let pid = 0;
    const { keep } = first.given;
    const running = handler.run({
      ...first.given,
      keep: (value) => {
        keep(value);
        ({ pid = 0 } = value as { pid?: number });
      },
    });
    while (pid === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const again = await handler.run(execution(run('orphan'), first.kept.at(-1)).given);
    expect(again).toMatchObject({ status: 'failed', details: { reason: 'INTERRUPTED' } });
    expect(await running).toMatchObject({ status: 'failed', details: { reason: 'KILLED' } });
  });

  test('that is not there, not a plain file, not executable, or open to others is refused', () => {
    const path = (name: string) => () => installedScript(scripts, name, OWNER);
    install('fine', 'exit 0');
    expect(path('fine')()).toBe(join(scripts, 'fine'));
    expect(path('absent')).toThrow('is not installed');
    symlinkSync('/bin/sh', join(scripts, 'link'));
    expect(path('link')).toThrow('is not a plain file');
    install('inert', 'exit 0', 0o644);
    expect(path('inert')).toThrow('is not executable');
    install('shared', 'exit 0', 0o775);
    expect(path('shared')).toThrow('can be written by others');
    expect(path('../fine')).toThrow('is no name of a script');
    if (OWNER === 0) chownSync(join(scripts, 'fine'), 65_534, 65_534);
    expect(() => installedScript(scripts, 'fine', OWNER === 0 ? 0 : OWNER + 1)).toThrow('belongs to user');
  });

  test('in a directory that others may write, or below one, is refused', () => {
    for (const [outer, inner] of [
      [0o777, 0o755],
      [0o755, 0o777],
      [0o755, 0o1777],
    ] as const) {
      const directory = join(mkdtempSync(join(tmpdir(), 'fleetwright-open-')), 'scripts');
      mkdirSync(directory);
      writeFileSync(join(directory, 'fine'), '#!/bin/sh\n');
      chmodSync(join(directory, 'fine'), 0o755);
      chmodSync(directory, inner);
      chmodSync(join(directory, '..'), outer);
      expect(() => installedScript(directory, 'fine', OWNER)).toThrow('can be written by others');
    }
  });
});

test('a program that cannot be started says so', async () => {
  const signal = new AbortController().signal;
  const nothing = { program: '/no/such/program', args: [], environment: {}, timeout: 1_000, signal };
  await expect(runProgram(nothing)).rejects.toThrow('/no/such/program cannot be started');
});

describe('a reboot', () => {
  const document: JobDocumentOf<'reboot'> = { ...common, operation: 'reboot' };

  test('that does not come is a failure', async () => {
    const clock = new SimulatedClock();
    const machine = { bootIdentity: () => 'one', reboot: async () => {} };
    const result = rebootHandler({ machine, clock, patience: 1_000 }).run(execution(document).given);
    await clock.pass(1_000);
    expect(await result).toMatchObject({ status: 'failed', details: { reason: 'NOT_REBOOTED' } });
  });

  test('that the system refuses is a failure, and a restart of the agent alone is no reboot', async () => {
    const machine = { bootIdentity: () => 'one', reboot: () => Promise.reject(new Error('inhibited')) };
    const handler = rebootHandler({ machine, clock: systemClock });
    const result = await handler.run(execution(document, { bootIdentity: 'one' }).given);
    expect(result).toMatchObject({ status: 'failed', details: { reason: 'REBOOT_REFUSED', detail: 'inhibited' } });
  });
});

test('a rotation is asked for under one id, whatever happens to the agent meanwhile', async () => {
  const asked: string[] = [];
  const document: JobDocumentOf<'rotate-certificate'> = { ...common, operation: 'rotate-certificate' };
  let answer: Promise<{ result: 'completed' | 'failed'; detail?: string }> = new Promise(() => {});
  const handler = rotateCertificateHandler({
    rotateCertificate: (_reason, requestId) => {
      asked.push(requestId);
      return answer;
    },
  });
  const first = execution(document);
  const running = handler.run(first.given);
  first.stop();
  await running;
  answer = Promise.resolve({ result: 'completed' });
  expect(await handler.run(execution(document).given)).toEqual({ status: 'succeeded' });
  expect(asked[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(asked).size).toBe(1);
  answer = Promise.resolve({ result: 'failed', detail: 'refused' });
  expect(await handler.run(execution(document).given)).toMatchObject({ details: { detail: 'refused' } });
});

test('a configuration that is refused names each setting and why', async () => {
  const document: JobDocumentOf<'configure'> = { ...common, operation: 'configure', settings: { a: 1, b: 2 } };
  const handler = configureHandler({
    configure: async (id, settings) => {
      expect([id, settings]).toEqual(['job/1', { a: 1, b: 2 }]);
      return { status: 'refused', code: 'SETTINGS_INVALID', errors: { a: 'too small', b: 'unknown' } };
    },
  });
  expect(await handler.run(execution(document).given)).toEqual({
    status: 'failed',
    details: { reason: 'SETTINGS_INVALID', detail: 'a: too small; b: unknown' },
  });
});

describe('an upload of logs', () => {
  let server: Server;
  let ca: string;
  let base: string;
  const requests: { path: string; length: string | undefined; body: Buffer }[] = [];
  let answer = (_path: string): number => 200;

  beforeAll(async () => {
    const identity = await selfSignedCertificate('localhost');
    ca = identity.certificatePem;
    server = createServer({ key: identity.privateKeyPem, cert: identity.certificatePem }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = `${request.method} ${request.url}`;
        requests.push({ path, length: request.headers['content-length'], body: Buffer.concat(chunks) });
        response.writeHead(answer(path)).end();
      });
    }).listen(0, 'localhost');
    await new Promise((resolve) => server.once('listening', resolve));
    base = `https://localhost:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    requests.length = 0;
  });

  const clock = { ...systemClock, after: (_ms: number, task: () => void) => systemClock.after(1, task) };
  const logs = { newest: async (maxBytes: number) => Buffer.from('x'.repeat(Math.min(maxBytes, 2_000))) };
  const upload = (url: string, maxBytes = 1_024): JobDocumentOf<'upload-logs'> => ({
    ...common,
    operation: 'upload-logs',
    url,
    maxBytes,
  });

  test('puts the newest bytes, as many as are asked for, with their length', async () => {
    const handler = uploadLogsHandler({ logs, clock, random: () => 0, serverCaPem: ca });
    const result = await handler.run(execution(upload(`${base}/logs?X-Amz-Signature=1`)).given);
    expect(result).toEqual({ status: 'succeeded', details: { bytes: '1024' } });
    expect(requests).toEqual([{ path: 'PUT /logs?X-Amz-Signature=1', length: '1024', body: Buffer.alloc(1_024, 'x') }]);
  });

  test('asks for a new URL when the first has expired, and gives up after its attempts', async () => {
    answer = (path) => (path.endsWith('old') ? 403 : 200);
    const handler = uploadLogsHandler({ logs, clock, random: () => 0, serverCaPem: ca, attempts: 2 });
    const { given } = execution(upload(`${base}/old`));
    expect(await handler.run({ ...given, renew: async () => upload(`${base}/new`) })).toMatchObject({
      status: 'succeeded',
    });
    answer = () => 503;
    expect(await handler.run(given)).toMatchObject({
      details: { reason: 'UPLOAD_FAILED', detail: 'the server answered 503' },
    });
    answer = () => 400;
    requests.length = 0;
    await handler.run(given);
    expect(requests).toHaveLength(1);
  });

  test('does not go to a server that is not who the URL says', async () => {
    answer = () => 200;
    const handler = uploadLogsHandler({ logs, clock, random: () => 0, attempts: 1 });
    expect(await handler.run(execution(upload(`${base}/logs`)).given)).toMatchObject({ status: 'failed' });
    expect(requests).toEqual([]);
  });
});

test('details become what AWS IoT Jobs takes: text without control characters, bounded, ten at most', () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`n${at}`, 'x']));
  expect(Object.keys(statusDetails(many))).toHaveLength(10);
  expect(statusDetails({ 'a b/c': ' one\r\ntwo\tthree\u0007 ', empty: '', none: undefined })).toEqual({
    a_b_c: 'one | two three',
  });
  const long = statusDetails({ text: `begin${'😀'.repeat(2_000)}end` }).text as string;
  expect(long.length).toBeLessThanOrEqual(1_024);
  expect(long).toMatch(/^begin😀.* … .*😀end$/u);
  expect(long).toMatch(/^[^\p{C}]+$/u);
});

/** Whether any process of the group still runs; one that has died and was not waited for does not. */
async function groupEnds(group: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (!readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && runsIn(group, pid))) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function runsIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(processGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
