import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  DECISION_TOPIC,
  type DecisionMessage,
  type FieldMessage,
  fieldTopic,
  writeTopic,
  writtenTopic,
} from '../../contracts/src/index.ts';
import { BuiltCore } from '../../greengrass-components/build/testing/built-core.ts';
import { RuleEngine } from '../../greengrass-components/local-rules/src/engine/rule-engine.ts';
import { rulesSchema } from '../../greengrass-components/local-rules/src/rules-schema.ts';
import { createLocalBus } from '../../greengrass-components/shared/src/ipc/ipc-buses.ts';
import { readFieldMessage } from '../../greengrass-components/shared/src/read-field-message.ts';
import { systemClock } from '../../greengrass-components/shared/src/system-clock.ts';
import type { BenchOptions } from '../bench-options.ts';

const ROUNDS = 3;
const DEFAULT_SECONDS = 12;
const MESSAGES = 40_000;
const RULES = 100;
const runFile = promisify(execFile);

const COMPONENT = 'com.fleetwright.LocalRules';
const PROBE = 'com.example.Probe';
const FLOOD = 'com.example.Flood';
/** Messages a second of 20 values each; 0: as many as the nucleus takes. `sources`: what the component listens to. */
const FLOODS: Readonly<Record<string, { readonly rate?: number; readonly sources?: readonly string[] }>> = {
  idle: {},
  '500 messages a second': { rate: 500 },
  'as many as are taken': { rate: 0 },
  'as many as are taken, of a source that it does not listen to': { rate: 0, sources: ['probe'] },
};

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

function percentiles(values: readonly number[]): object {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2));
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** 100 rules with two conditions each, and messages of 20 values of which ten are looked at. */
function engineSpeed(): object {
  const rule = (index: number) => ({
    when: {
      all: [
        { series: `plant_${index % 10}`, above: 80, hysteresis: 5 },
        { series: `plant_${(index + 1) % 10}`, below: 10, for: 1_000 },
      ],
    },
    whenUnknown: 'hold',
  });
  const rules = rulesSchema.parse(
    Object.fromEntries(Array.from({ length: RULES }, (_, index) => [`rule-${index}`, rule(index)])),
  );
  const texts = Array.from({ length: 1_000 }, (_, number) => {
    const values = Array.from({ length: 20 }, (_value, index) => ({
      series: `plant_${index}`,
      time: 1_767_225_600_000 + number,
      value: (number * 7 + index * 13) % 100,
      quality: 'good' as const,
    }));
    const message: FieldMessage = { version: 1, source: 'plant', values };
    return JSON.stringify(message);
  });
  const bare = (): number => {
    const last = new Map<string, number | boolean>();
    const began = performance.now();
    for (let number = 0; number < MESSAGES; number++) {
      for (const { series, value } of (JSON.parse(texts[number % texts.length] as string) as FieldMessage).values) {
        last.set(series, value);
      }
    }
    return performance.now() - began;
  };
  const ours = (): number => {
    const engine = new RuleEngine();
    engine.set(rules, { wall: 0, now: 0 });
    const began = performance.now();
    for (let number = 0; number < MESSAGES; number++) {
      const message = readFieldMessage(JSON.parse(texts[number % texts.length] as string));
      const now = performance.now();
      if (message !== undefined) engine.values(message.values, { wall: 1_767_225_600_000 + number, now });
    }
    return performance.now() - began;
  };
  const times = { bare: [] as number[], ours: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.bare.push(bare());
    times.ours.push(ours());
  }
  return {
    rules: RULES,
    messagesPerSecond: Math.round((MESSAGES / median(times.ours)) * 1_000),
    /** Of keeping the last values of the same messages. */
    ratioToBareParse: Number((median(times.bare) / median(times.ours)).toFixed(3)),
  };
}

async function worker(
  core: BuiltCore['core'],
  component: string,
  ...words: string[]
): Promise<Record<string, unknown>> {
  const environment = Object.fromEntries(
    (core.work(component, 'env') ?? '').split('\n').flatMap((line) => {
      const [name = '', ...rest] = line.split('=');
      return name.startsWith('AWS') || name === 'SVCUID' ? [[name, rest.join('=')]] : [];
    }),
  );
  const { stdout } = await runFile(process.execPath, ['--import', 'tsx', 'bench/edge/plant-worker.ts', ...words], {
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1_048_576,
  });
  return JSON.parse(stdout.trim());
}

const may = (operation: string, ...resources: string[]) => ({ operations: [`aws.greengrass#${operation}`], resources });

/** The component as a process under a nucleus, a probe and a flood as two more. */
async function latencies(seconds: number): Promise<object> {
  const built = new BuiltCore();
  const { core } = built;
  try {
    await built.install('device-sdk', 'local-rules');
    const allow = (name: string, policies: object): void =>
      core.plain(name, '1.0.0', { accessControl: { 'aws.greengrass.ipc.pubsub': policies } });
    allow(PROBE, {
      'probe:1': may('PublishToTopic', fieldTopic('probe'), writtenTopic('probe')),
      'probe:2': may('SubscribeToTopic', writeTopic('probe'), DECISION_TOPIC),
    });
    allow(FLOOD, { 'flood:1': may('PublishToTopic', fieldTopic('flood')) });
    await core.start();
    const write = (value: boolean) => [{ source: 'probe', point: 'fan', value }];
    const rule = {
      when: { series: 'probe_value', above: 80 },
      whenUnknown: 'hold',
      limit: { begins: 1_000, per: 1_000 },
      begin: write(true),
      end: write(false),
    };
    const deploy = (sources: readonly string[] | undefined): Promise<unknown> => {
      const merge = { rules: { probe: rule }, ...(sources !== undefined && { sources }) };
      const components = {
        [COMPONENT]: { version: '1.0.0', configurationUpdate: { merge } },
        [PROBE]: { version: '1.0.0' },
        [FLOOD]: { version: '1.0.0' },
      };
      return core.nucleus.deploy({ components });
    };
    await deploy(undefined);
    await built.runs(COMPONENT);
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const bus = createLocalBus(await core.client(PROBE), { clock: systemClock, log });
    let decided: number[] = [];
    await bus.subscribe(DECISION_TOPIC, (message) => void decided.push((message as DecisionMessage).latency / 1_000));
    const figures: Record<string, object> = {};
    for (const [name, { rate, sources }] of Object.entries(FLOODS)) {
      if (sources !== undefined) await deploy(sources);
      decided = [];
      const length = String(seconds);
      const [probe, flood] = await Promise.all([
        worker(core, PROBE, 'probe', length),
        rate === undefined ? undefined : worker(core, FLOOD, 'flood', length, String(rate)),
      ]);
      figures[name] = {
        ...flood,
        /** ms from the publish of the value to the command in the gateway's process, over the nucleus twice */
        valueToCommand: percentiles(probe.milliseconds as number[]),
        /** ms as the decisions say: from the message in the component to the nucleus' answer for the command */
        decision: percentiles(decided),
      };
    }
    return figures;
  } finally {
    await core.remove();
  }
}

/** How fast rules are decided, alone and under a flood of values that concern none of them. */
export async function run({ json, seconds = DEFAULT_SECONDS }: BenchOptions): Promise<object> {
  const engine = engineSpeed();
  const result = {
    bench: 'local-rules',
    engine,
    latencies: await latencies(Math.max(2, seconds / Object.keys(FLOODS).length)),
  };
  if (!json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  return result;
}
