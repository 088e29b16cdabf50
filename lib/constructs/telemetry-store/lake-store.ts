import { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { IotServiceRole } from '../service-role/iot-service-role.ts';
import type { TelemetryLake } from '../telemetry-lake/telemetry-lake.ts';
import { streamAction } from '../telemetry-rule/rule-actions.ts';
import type { HealthDelivery, HotStore } from './hot-store.ts';

export interface LakeStoreProps {
  /** With all its tables. */
  readonly lake: TelemetryLake;
  /** Names of the delivery streams that functions put to. */
  readonly telemetryStreamName: string;
  readonly twinStreamName: string;
  readonly keepDays: number;
}

/**
 * The lake as the hot store, for accounts without Timestream: nothing but serverless parts. Rows are found once their
 * file is closed, and a row that was delivered twice is told apart when it is read.
 */
export class LakeStore extends Construct implements HotStore {
  readonly kind = 'lake';
  readonly writerEnvironment: Readonly<Record<string, string>>;
  readonly twinWriterEnvironment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly #lake: TelemetryLake;

  constructor(scope: Construct, id: string, props: LakeStoreProps) {
    super(scope, id);
    this.#lake = props.lake;
    this.writerEnvironment = {
      HOT_STORE: this.kind,
      LAKE_STREAM: props.telemetryStreamName,
      MEMORY_HOURS: '0',
      MAGNETIC_DAYS: String(props.keepDays),
    };
    this.twinWriterEnvironment = { HOT_STORE: this.kind, LAKE_STREAM: props.twinStreamName };
    this.outputs = {
      HotStoreKind: this.kind,
      DatabaseName: props.lake.database.ref,
      TelemetryTableName: 'telemetry',
      HealthTableName: 'health',
      TwinTableName: 'twin',
    };
  }

  grantWrite(writer: BundledFunction): void {
    this.#lake.grantPut(writer, 'telemetry');
  }

  grantTwinWrite(writer: BundledFunction): void {
    this.#lake.grantPut(writer, 'twin');
  }

  deliverHealth(role: IotServiceRole): HealthDelivery {
    const { health } = this.#lake.tables;
    if (health === undefined) throw new Error('the lake has no health table');
    return {
      selection: [
        'time',
        'topic(4) AS thing_name',
        'topic(2) AS site',
        'topic(3) AS device_type',
        'timestamp() AS received_at',
      ],
      action: streamAction(health.stream, role),
    };
  }
}
