import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InferenceMessage, inferenceMessageSchema, type UploadMessage } from '@fleetwright/contracts';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ManualClock } from '../../shared/src/testing/manual-clock.ts';
import { TestHost } from '../../shared/src/testing/test-host.ts';
import { fieldMessagesOf, plantSamples } from '../../simulated-plant/src/index.ts';
import { configurationSchema } from './configuration.ts';
import { OnnxInference } from './onnx-inference.ts';
import { buildProgram } from './testing/build-program.ts';

const COMPONENTS = fileURLToPath(new URL('../..', import.meta.url));
const FROM = Date.UTC(2026, 0, 10, 9);
const HOUR = 3_600_000;
const INTERVAL = 5;

test('with the recipe as it is and the committed model: a worn pump among sound ones raises an alarm that says why', async () => {
  const programs = await buildProgram();
  const root = mkdtempSync(join(tmpdir(), 'fleetwright-station-'));
  const workDirectory = join(root, 'com.fleetwright.OnnxInference');
  mkdirSync(workDirectory);
  const recipe = parse(readFileSync(join(COMPONENTS, 'onnx-inference/recipe.yaml'), 'utf8'));
  const { accessControl: _, ...defaults } = recipe.ComponentConfiguration.DefaultConfiguration;
  const models = { 'pump-bearing': { directory: join(COMPONENTS, 'pump-model') } };
  const clock = new ManualClock(FROM);
  const patience = { runTimeout: 600_000, loadTimeout: 600_000 };
  const host = new TestHost(configurationSchema, { ...defaults, ...patience, models }, { clock, workDirectory });
  const component = new OnnxInference(programs);
  try {
    // In an hour the first pump's bearing is as worn as it gets; the second one cavitates, and does not wear.
    const faults = [
      { kind: 'bearing-wear', pump: 1, from: FROM - 5 * HOUR, until: FROM + HOUR },
      { kind: 'cavitation', pump: 2, from: FROM, severity: 0.5 },
    ] as const;
    await component.start(host);
    for (const moment of plantSamples(1, FROM, 1_500, faults, { interval: INTERVAL })) {
      for (const message of fieldMessagesOf(moment)) {
        await host.bus.publish(`fleetwright/edge/field/${message.source}`, message);
      }
      await clock.advance(INTERVAL * 1_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const found = () =>
      host.bus
        .messages('fleetwright/edge/inference')
        .map((given): InferenceMessage => inferenceMessageSchema.parse(given));
    for (let round = 0; round < 500 && !found().some(({ verdict }) => verdict === 'alarm'); round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const alarms = found().filter(({ verdict }) => verdict === 'alarm');
    expect(new Set(alarms.map(({ subject }) => subject))).toEqual(new Set(['pump_1']));
    expect(alarms[0]?.explanation).toMatch(/^bearing_failure (?:1|0\.9\d*) \(alarm above 0\.9\), by vibration /);
    const others = found().filter(({ subject, verdict }) => subject !== 'pump_1' && verdict !== 'unknown');
    expect(new Set(others.map(({ subject }) => subject))).toEqual(new Set(['pump_2', 'pump_3']));
    expect(new Set(others.map(({ verdict }) => verdict))).toEqual(new Set(['normal']));
    const events = (host.bus.messages('fleetwright/edge/upload') as UploadMessage[]).filter(
      ({ channel }) => channel === 'event',
    );
    expect(events[0]?.samples[0]?.values).toMatchObject({ alarm_state: 'raised', measure: 'pump_1_bearing_failure' });
  } finally {
    await component.stop();
    rmSync(root, { recursive: true, force: true });
    programs.remove();
  }
}, 120_000);
