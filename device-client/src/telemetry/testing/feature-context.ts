import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceFeature, FeatureContext } from '../../feature.ts';
import { StateDirectory } from '../../state-directory.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedLink } from './simulated-link.ts';

export interface TestContext extends FeatureContext {
  readonly clock: SimulatedClock;
  readonly link: SimulatedLink;
  /** What was logged, as `level message`. */
  readonly lines: string[];
}

const ADDRESS = { topicRoot: 'fleet-test', site: 'north', deviceType: 'pump', thingName: 'fleet-test-pump-1' };

export function temporaryState(): StateDirectory {
  return new StateDirectory(mkdtempSync(join(tmpdir(), 'fleetwright-feature-')));
}

/** What a feature stands on, without a network and with a time of its own. */
export function testContext(over: Partial<TestContext> = {}): TestContext {
  const clock = over.clock ?? new SimulatedClock();
  const lines: string[] = [];
  const line =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  const { thingName, ...place } = ADDRESS;
  return {
    identity: {
      thingName,
      certificateId: 'c'.repeat(64),
      certificatePem: '',
      configuration: { ...place, telemetryRule: 'telemetry_rule', eventRule: 'event_rule' },
    } as FeatureContext['identity'],
    address: ADDRESS,
    bootId: 7,
    state: temporaryState(),
    random: () => 0.5,
    sign: () => Promise.reject(new Error('there is no key')),
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    signal: new AbortController().signal,
    lines,
    ...over,
    clock,
    link: over.link ?? new SimulatedLink(clock),
  };
}

export async function running<F extends DeviceFeature>(feature: F, context: FeatureContext): Promise<F> {
  await feature.start(context);
  return feature;
}
