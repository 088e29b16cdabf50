import { Failure } from '../failure.ts';
import type { AwsClientSettings } from '../running-cloud.ts';
import type { HotStore } from './hot-store.ts';
import { LakeHotStore } from './lake-store.ts';
import { TimestreamHotStore } from './timestream-store.ts';

type Outputs = Readonly<Record<string, string | undefined>>;

/** Makes a variant from the outputs of the stage's stacks. */
const VARIANTS: Readonly<Record<string, (settings: AwsClientSettings, outputs: Outputs) => HotStore>> = {
  timestream: (settings, outputs) => {
    const { HourTableName: hours, MinuteTableName: minutes } = outputs;
    return new TimestreamHotStore(settings, {
      database: named(outputs, 'DatabaseName'),
      telemetry: named(outputs, 'TelemetryTableName'),
      health: named(outputs, 'HealthTableName'),
      twin: named(outputs, 'TwinTableName'),
      rollups: minutes === undefined || hours === undefined ? undefined : { '1m': minutes, '1h': hours },
    });
  },
  lake: openLake,
};

/** The hot store of a stage, as its stacks say what it is. @throws Failure for a variant that is not known here */
export function openHotStore(settings: AwsClientSettings, outputs: Outputs): HotStore {
  const kind = named(outputs, 'HotStoreKind');
  const open = VARIANTS[kind];
  if (open === undefined) throw new Failure(`the hot store ${kind} is not known to this command line`);
  return open(settings, outputs);
}

/** The lake of a stage, also where the hot store is another. @throws Failure when there is none */
export function openLake(settings: AwsClientSettings, outputs: Outputs): LakeHotStore {
  return new LakeHotStore(settings, {
    database: named(outputs, 'LakeDatabaseName'),
    workGroup: named(outputs, 'LakeWorkGroupName'),
    bufferSeconds: Number(named(outputs, 'LakeBufferSeconds')),
  });
}

function named(outputs: Outputs, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Failure(`the deployed stacks have no output ${name}`);
  return value;
}
