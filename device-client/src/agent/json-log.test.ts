import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey } from '../identity/key-pair.ts';
import { JsonLog } from './json-log.ts';
import { LogFile } from './log-file.ts';

function logOf(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const log = new JsonLog({ level, now: () => 1_800_000_000_000, write: (line) => lines.push(line) });
  return { log, lines };
}

test('a line is one JSON object with time, level, message and fields; lower levels are left out', () => {
  const { lines, log } = logOf();
  log.debug('not seen');
  log.info('connected', { bootId: 3 });
  expect(lines).toEqual(['{"time":"2027-01-15T08:00:00.000Z","level":"info","message":"connected","bootId":3}\n']);
  log.setLevel('error');
  log.warn('not seen');
  log.error('broken', { reason: 'worn' });
  expect(lines).toHaveLength(2);
  expect(log).toMatchObject({ errors: 1, lastError: { message: 'broken: worn' } });
});

test('no key, PIN, token or signature of a URL is written, wherever it hides', () => {
  const { lines, log } = logOf();
  const key = generatePrivateKey();
  const url = 'https://bucket.s3.amazonaws.com/image?X-Amz-Credential=AKIA/x&X-Amz-Signature=abcdef&versionId=1';
  log.error('failed', {
    reason: `cannot use ${key}`,
    pin: '123456',
    options: { privateKeyPem: key, certificateOwnershipToken: 'secret-token', list: [key] },
    url,
    cause: new Error(`GET ${url}`),
  });
  const text = lines.join('') + JSON.stringify(log.lastError);
  for (const secret of ['PRIVATE KEY', '123456', 'secret-token', 'abcdef', 'AKIA']) expect(text).not.toContain(secret);
  expect(text).toContain('versionId=1');
});

test('the log on disk keeps the newest whole lines within its bounds', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-log-'));
  const file = new LogFile(directory, 1_000);
  for (let number = 1; number <= 200; number++) file.write(`line ${number}\n`);
  const kept = Buffer.from(await file.newest(10_000)).toString();
  expect(kept.length).toBeLessThanOrEqual(1_000);
  expect(kept.endsWith('line 199\nline 200\n')).toBe(true);
  expect(Buffer.from(await new LogFile(directory, 1_000).newest(20)).toString()).toBe('line 199\nline 200\n');
  expect(Buffer.from(await file.newest(3)).toString()).toBe('');
});

test('a log that cannot be written does not end the agent', () => {
  expect(() => new LogFile('/nonexistent', 1_000).write('line\n')).not.toThrow();
});
