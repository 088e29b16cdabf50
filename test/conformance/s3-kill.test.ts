import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { FilterLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { ScanOutput } from '@aws-sdk/client-dynamodb';
import type { GetObjectOutput, ListObjectsV2Output } from '@aws-sdk/client-s3';
import type { GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { openStorage } from './storage-process.ts';

const PROGRAM = fileURLToPath(new URL('./storage-process.ts', import.meta.url));
const SERVICES = ['s3', 'dynamodb', 'logs', 'secrets', 'firehose'] as const;
/** Acknowledgements of each service before the kill. */
const ENOUGH = 40;

/** What S3, DynamoDB, CloudWatch Logs, Secrets Manager and Firehose have acknowledged survives `kill -9`. */
test('acknowledged writes of all storage services are there after kill -9', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-kill-'));
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<string, number[]>(SERVICES.map((service) => [service, []]));
  for await (const line of createInterface({ input: child.stdout })) {
    const [service, n] = line.split(' ') as [string, string];
    acknowledged.get(service)?.push(Number(n));
    if ([...acknowledged.values()].every((seen) => seen.length >= ENOUGH)) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');

  const cloud = await openStorage(directory);
  const call = <O>(service: Parameters<typeof cloud.api.call>[1], operation: string, input: object) =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  const expected = (service: (typeof SERVICES)[number]) => (acknowledged.get(service) ?? []).map(String);

  for (const n of expected('s3')) {
    const { Body } = await call<GetObjectOutput>('s3', 'GetObject', { Bucket: 'lake', Key: `put/${n}` });
    expect(Buffer.from(Body as unknown as Uint8Array).toString()).toBe(n);
  }
  const { Items } = await call<ScanOutput>('dynamodb', 'Scan', { TableName: 'items' });
  expect(Items?.map((item) => item.id?.S)).toEqual(expect.arrayContaining(expected('dynamodb')));
  const { events } = await call<FilterLogEventsResponse>('cloudwatch-logs', 'FilterLogEvents', { logGroupName: 'g' });
  expect(events?.map((event) => event.message)).toEqual(expect.arrayContaining(expected('logs')));
  const { SecretString } = await call<GetSecretValueResponse>('secrets-manager', 'GetSecretValue', {
    SecretId: 'secret',
  });
  expect(Number(SecretString)).toBeGreaterThanOrEqual(Number(expected('secrets').at(-1)));

  await cloud.clock.advance(300_000);
  let delivered: string[] = [];
  for (let attempt = 0; attempt < 200 && delivered.length === 0; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { Contents } = await call<ListObjectsV2Output>('s3', 'ListObjectsV2', {
      Bucket: 'lake',
      Prefix: 'delivered/',
    });
    for (const { Key } of Contents ?? []) {
      const { Body } = await call<GetObjectOutput>('s3', 'GetObject', { Bucket: 'lake', Key });
      const bytes =
        Body instanceof Readable ? Buffer.concat(await Body.toArray()) : Buffer.from(Body as unknown as Uint8Array);
      delivered = [...delivered, ...bytes.toString().trimEnd().split('\n')];
    }
  }
  expect(delivered).toEqual(expect.arrayContaining(expected('firehose')));
  expect(new Set(delivered).size).toBe(delivered.length);
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});
