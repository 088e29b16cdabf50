import type { PlatformNames } from '@fleetwright/contracts';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';
import type { HotStore } from '../telemetry-store/hot-store.ts';
import { changedShadows, SHADOW_KINDS } from './shadow-selection.ts';

export interface TwinHistoryProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly store: HotStore;
  readonly errorQueue: IQueue;
}

/** Every version of every shadow of the stage, in the hot store. */
export class TwinHistory extends Construct {
  readonly consumer: QueueConsumer;

  constructor(scope: Construct, id: string, props: TwinHistoryProps) {
    super(scope, id);
    const { names, store } = props;
    this.consumer = new QueueConsumer(this, 'Recorder', {
      ...props,
      functionName: 'record-twin-history',
      description: 'Writes changes of shadows to the hot store',
      content: 'Changes of shadows',
      environment: store.twinWriterEnvironment,
      batchSize: 100,
      batchWindowSeconds: 1,
    });
    store.grantTwinWrite(this.consumer.function);
    for (const kind of SHADOW_KINDS) {
      new QueueRule(this, `${kind}-rule`, {
        ruleName: names.ruleName(`twin-${kind}`),
        description: `changes of ${kind} shadows to the history of twins`,
        sql: changedShadows(names, kind),
        queues: [this.consumer.queue],
        errorQueue: props.errorQueue,
      });
    }
  }
}
