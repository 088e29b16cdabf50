import type { DeviceClock } from '../clock.ts';
import { connectedSelfTest, type HealthCheck } from '../update/self-test/connected-self-test.ts';
import { runSelfTest } from '../update/self-test/run-self-test.ts';

export interface WellnessOptions {
  readonly device: { readonly connected: boolean; readonly features: Readonly<Record<string, unknown>> };
  /** Names of the features that must run. */
  readonly expected: () => readonly string[];
  /** Sends something that the cloud acknowledges. */
  readonly report: () => Promise<void>;
  readonly clock: DeviceClock;
  /** ms that the agent has to be well */
  readonly within: number;
}

/**
 * Whether the agent does its work with what it has been told remotely: it is connected, every feature runs, and the cloud
 * acknowledges what it says. Asked again until it is, or its time is over. Rejects with what was missing.
 */
export function agentWellness(options: WellnessOptions): (signal: AbortSignal) => Promise<void> {
  const { clock, device, report, within } = options;
  const selfTest = connectedSelfTest({ link: device, clock, report, checks: [featuresRun(options)] });
  return async (signal) => {
    const result = await runSelfTest(selfTest, { clock, time: within, signal });
    if (!result.passed) throw new Error(result.detail);
  };
}

/** A feature that has not started says so in its status, as one does whose work cannot be done. */
export function featuresRun({ device, expected }: Pick<WellnessOptions, 'device' | 'expected'>): HealthCheck {
  return {
    name: 'features',
    async check() {
      const shown = device.features;
      const problems = expected().flatMap((name) => {
        const status = shown[name];
        if (status === undefined) return [`${name} does not run`];
        const { failed } = status as { readonly failed?: unknown };
        return failed === undefined ? [] : [`${name}: ${failed}`];
      });
      if (problems.length > 0) throw new Error(problems.join('; '));
    },
  };
}
