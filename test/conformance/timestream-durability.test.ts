import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimestream } from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: developer guide, "Storage": all data is written to disk before a write request is acknowledged.

const root = join(__dirname, '..', '..');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-timestream-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('databases, tables, columns, rows and versions are there again after a restart', async () => {
  const first = await startTimestream(['telemetry', 'gone'], { directory });
  const record = { Dimensions: [{ Name: 'thing', Value: 'pump-1' }], MeasureName: 'x', Time: first.time() };
  await first.writeRecords('telemetry', [{ ...record, MeasureValue: '1', Version: 7 }]);
  await first.writeRecords('gone', [{ ...record, MeasureValue: '1' }]);
  await first.write('DeleteTable', { DatabaseName: 'iot', TableName: 'gone' });
  await first.close();

  const second = await startTimestream([], { directory });
  expect(await second.rows('SHOW TABLES FROM iot')).toEqual([['telemetry']]);
  expect(await second.rows('SELECT * FROM iot.telemetry')).toEqual([
    ['pump-1', 'x', '2026-01-01 00:00:00.000000000', '1.0'],
  ]);
  await second.writeRecords('telemetry', [{ ...record, MeasureValue: '1', Version: 7 }]);
  const lower = second.writeRecords('telemetry', [{ ...record, MeasureValue: '2', Version: 6 }]);
  await expect(lower).rejects.toMatchObject({ fields: { RejectedRecords: [{ ExistingVersion: 7 }] } });
  await second.writeRecords('telemetry', [
    { ...record, MeasureName: 'y', MeasureValue: '1', MeasureValueType: 'BIGINT' },
  ]);
  expect(await second.value('SELECT count(*) FROM iot.telemetry')).toBe('2');
  await second.write('CreateTable', { DatabaseName: 'iot', TableName: 'gone' });
  expect(await second.value('SELECT count(*) FROM iot.gone')).toBe('0');
  await second.close();
});

test('what was acknowledged survives kill -9', async () => {
  const acknowledged = await writeUntilKilled(directory);
  expect(acknowledged.length).toBeGreaterThan(10);
  const after = await startTimestream([], { directory });
  const stored = new Set((await after.rows('SELECT n FROM iot.telemetry')).map(([n]) => String(n)));
  expect(acknowledged.filter((n) => !stored.has(n))).toEqual([]);
  await after.close();
});

/** Writes with several calls under way until a moment after the first acknowledgements; answers what was acknowledged. */
async function writeUntilKilled(dataDirectory: string): Promise<string[]> {
  const script = join(dataDirectory, 'writer.mts');
  const support = join(root, 'local-cloud/src/services/timestream/testing/timestream-cloud.ts');
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs';
     import { startTimestream } from ${JSON.stringify(support)};
     const timestream = await startTimestream(['telemetry'], { directory: ${JSON.stringify(dataDirectory)} });
     let next = 0;
     await Promise.all(Array.from({ length: 4 }, async () => {
       for (;;) {
         const n = String(next++);
         const MeasureValues = [{ Name: 'n', Value: n, Type: 'BIGINT' }];
         await timestream.writeRecords('telemetry', [{ Time: timestream.time(-Number(n)), MeasureName: 'm', MeasureValueType: 'MULTI', MeasureValues }]);
         appendFileSync(${JSON.stringify(join(dataDirectory, 'acknowledged'))}, n + '\\n');
         if (n === '40') process.stdout.write('busy\\n');
       }
     }));`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => {
    child.stdout.once('data', () => child.kill('SIGKILL'));
    child.once('exit', () => resolve());
  });
  return readFileSync(join(dataDirectory, 'acknowledged'), 'utf8').trim().split('\n');
}
