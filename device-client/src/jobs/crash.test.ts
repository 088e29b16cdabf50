import { writeFileSync } from 'node:fs';
import { StateDirectory } from '../state-directory.ts';
import { temporaryState } from '../telemetry/testing/feature-context.ts';
import type { JobExecution, JobHandler, JobResult } from './job-handler.ts';
import { jobDocument, SimulatedAgent, START } from './testing/simulated-agent.ts';

/**
 * The agent is killed at every write and at every request to the cloud, before and after it takes effect, with and without
 * a torn file beside the whole one; then it is started again and driven on.
 */

const MODES = ['before', 'torn', 'after'] as const;
type Mode = (typeof MODES)[number];

/** Lets the nth point be the last that the agent lives to see. */
class Fate {
  passed = 0;
  dead = false;
  readonly #last: number;
  readonly mode: Mode;

  constructor(last: number, mode: Mode) {
    this.#last = last;
    this.mode = mode;
  }

  /** @returns whether it is this point */
  strikes(): boolean {
    if (++this.passed !== this.#last) return false;
    this.dead = true;
    return true;
  }
}

class MortalState extends StateDirectory {
  readonly #fate: Fate;
  constructor(path: string, fate: Fate) {
    super(path);
    this.#fate = fate;
  }

  override write(name: string, content: string): void {
    const fate = this.#fate;
    if (fate.dead) throw new Error('dead');
    const struck = fate.strikes();
    if (struck && fate.mode === 'torn') writeFileSync(`${this.file(name)}.new`, content.slice(0, content.length / 2));
    if (!struck || fate.mode === 'after') super.write(name, content);
    if (struck) throw new Error('killed');
  }
}

const STEPS = 3;

async function live(last: number, mode: Mode) {
  const effects: string[] = [];
  const handler: JobHandler = {
    operation: 'reboot',
    async run({ jobId, keep, progress, report }: JobExecution): Promise<JobResult> {
      const { step: first } = (progress as { step: number } | undefined) ?? { step: 0 };
      for (let step = first; step < STEPS; step++) {
        effects.push(`${jobId} ${step}`);
        report({ step: String(step) });
        await Promise.resolve();
        keep({ step: step + 1 });
      }
      if (jobId === 'bad') return { status: 'failed', details: { reason: 'BROKEN' } };
      return { status: 'succeeded', details: { steps: String(STEPS) } };
    },
  };
  const agent = new SimulatedAgent(() => [handler]);
  const { path } = temporaryState();
  const fate = new Fate(last, mode);
  const service = agent.cloud.service(async (request) => {
    if (fate.dead) return new Promise<never>(() => {});
    const struck = fate.strikes();
    if (!struck) return request();
    if (fate.mode === 'after') request();
    return new Promise<never>(() => {});
  });
  agent.cloud.add('good', jobDocument());
  agent.cloud.add('old', jobDocument('reboot', { expiresAt: START - 1 }));
  agent.cloud.add('bad', jobDocument());
  agent.boot(new MortalState(path, fate), service);
  await agent.clock.pass(30_000);
  if (fate.dead) {
    void agent.runner.stop();
    service.close();
    agent.boot(new StateDirectory(path));
    await agent.clock.pass(90_000);
  }
  const { runner } = agent;
  await runner.stop();
  return { effects, fate, cloud: agent.cloud };
}

test('killed at every write and every request, the device still tells the truth of each job exactly once', async () => {
  const { fate } = await live(Number.POSITIVE_INFINITY, 'before');
  let points = 0;
  for (const mode of MODES) {
    for (let last = 1; last <= fate.passed; last++) {
      points++;
      const { cloud, effects } = await live(last, mode);
      const at = `${mode} ${last}`;
      expect([at, [...cloud.finals].sort()]).toEqual([at, ['bad/1 FAILED', 'good/1 SUCCEEDED', 'old/1 REJECTED']]);
      expect([at, cloud.find('bad').details]).toEqual([at, { reason: 'BROKEN' }]);
      for (const jobId of ['good', 'bad']) {
        const steps = effects
          .filter((effect) => effect.startsWith(jobId))
          .map((effect) => Number(effect.split(' ')[1]));
        // Each step is done, in order; only the one at which the agent was killed may be done twice.
        expect([at, [...new Set(steps)]]).toEqual([at, [0, 1, 2]]);
        expect(steps.length).toBeLessThanOrEqual(STEPS + 1);
      }
      expect([at, effects.filter((effect) => effect.startsWith('old'))]).toEqual([at, []]);
    }
  }
  process.stdout.write(`jobs: ${points} crash points\n`);
  expect(points).toBeGreaterThan(40);
}, 60_000);
