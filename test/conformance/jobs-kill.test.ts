import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startJobs } from '../../local-cloud/src/services/iot/jobs/testing/jobs-probe.ts';

const PROGRAM = fileURLToPath(
  new URL('../../local-cloud/src/services/iot/jobs/testing/jobs-process.ts', import.meta.url),
);

/** The last answered version of each job's execution, until the process was killed. */
async function answeredUntilKilled(directory: string, prefix: string, enough: number): Promise<Map<string, number>> {
  const worker = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answered = new Map<string, number>();
  let count = 0;
  const lines = createInterface({ input: worker.stdout });
  lines.on('line', (line) => {
    // The last line may be cut off by the kill.
    const match = /^(\S+) (?:QUEUED|IN_PROGRESS|SUCCEEDED) (\d)$/.exec(line);
    if (match === null || worker.killed) return;
    answered.set(match[1] as string, Number(match[2]));
    if (++count === enough) worker.kill('SIGKILL');
  });
  await Promise.all([once(worker, 'exit'), once(lines, 'close')]);
  return answered;
}

// source: developer guide, iot-jobs-lifecycle (a state that was answered is the state of the execution)
test('No job and no update that was answered is lost by kill -9', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-jobs-kill-'));
  const statuses = ['QUEUED', 'IN_PROGRESS', 'SUCCEEDED'];
  const all = new Map<string, number>();
  for (const prefix of ['first', 'second']) {
    for (const [job, version] of await answeredUntilKilled(directory, prefix, 300)) all.set(job, version);
    const probe = await startJobs({ directory });
    for (const [jobId, version] of all) {
      const thingName = jobId.split('-')[1] as string;
      const { execution } = await probe.call<{ execution: { status: string; versionNumber: number } }>(
        'DescribeJobExecution',
        { jobId, thingName },
      );
      expect(execution.versionNumber).toBeGreaterThanOrEqual(version);
      expect(execution.status).toBe(statuses[execution.versionNumber - 1]);
      expect(await probe.jobStatus(jobId)).toBe(execution.status === 'SUCCEEDED' ? 'COMPLETED' : 'IN_PROGRESS');
    }
    await probe.cloud.close();
  }
  expect(all.size).toBeGreaterThanOrEqual(150);
  rmSync(directory, { recursive: true, force: true });
}, 60_000);
