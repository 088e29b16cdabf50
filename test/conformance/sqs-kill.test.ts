import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { systemClock } from '../../local-cloud/src/core/clock.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

const PROGRAM = fileURLToPath(new URL('../../local-cloud/src/services/sqs/testing/queue-process.ts', import.meta.url));

/** Sends until so many are acknowledged, then kills the sender and its queue; answers what was acknowledged. */
async function acknowledgedUntilKilled(directory: string, enough: number): Promise<string[]> {
  const sender = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  const lines = createInterface({ input: sender.stdout });
  lines.on('line', (line) => {
    // The last line may be cut off by the kill.
    if (line.length === 36) acknowledged.push(line);
    if (acknowledged.length === enough) sender.kill('SIGKILL');
  });
  await Promise.all([once(sender, 'exit'), once(lines, 'close')]);
  return acknowledged;
}

test('every message that SendMessage acknowledged is there after kill -9', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-sqs-kill-'));
  const acknowledged: string[] = [];
  for (let round = 0; round < 2; round++) acknowledged.push(...(await acknowledgedUntilKilled(directory, 2000)));

  const cloud = createTestCloud({ directory, clock: systemClock });
  cloud.use(createSqsPlugin);
  const QueueUrl = 'https://localhost:4566/123456789012/orders';
  const found = new Set<string>();
  for (;;) {
    const input = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 };
    const { Messages } = await cloud.dispatcher.call<ReceiveMessageResult>(
      ADMINISTRATOR,
      'sqs',
      'ReceiveMessage',
      input,
    );
    if (Messages === undefined) break;
    for (const { MessageId, Body } of Messages) {
      expect(Body).toHaveLength(500);
      found.add(MessageId as string);
    }
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(4000);
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);
