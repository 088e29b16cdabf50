import { NotImplementedError } from '../../core/errors.ts';
import { cloudWatchAlarmAction } from './cloudwatch-alarm.ts';
import { cloudWatchLogsAction } from './cloudwatch-logs.ts';
import { cloudWatchMetricAction } from './cloudwatch-metric.ts';
import { dynamoDbAction } from './dynamodb.ts';
import { dynamoDbV2Action } from './dynamodb-v2.ts';
import { firehoseAction } from './firehose.ts';
import { httpAction } from './http.ts';
import { kinesisAction } from './kinesis.ts';
import { lambdaAction } from './lambda.ts';
import { republishAction } from './republish.ts';
import type { ActionKind } from './rule-action.ts';
import { s3Action } from './s3.ts';
import { snsAction } from './sns.ts';
import { sqsAction } from './sqs.ts';
import { stepFunctionsAction } from './step-functions.ts';
import { timestreamAction } from './timestream.ts';

const KINDS: ReadonlyMap<string, ActionKind> = new Map(
  [
    cloudWatchAlarmAction,
    cloudWatchLogsAction,
    cloudWatchMetricAction,
    dynamoDbAction,
    dynamoDbV2Action,
    firehoseAction,
    httpAction,
    kinesisAction,
    lambdaAction,
    republishAction,
    s3Action,
    snsAction,
    sqsAction,
    stepFunctionsAction,
    timestreamAction,
  ].map((kind) => [kind.kind, kind]),
);

/** @throws NotImplementedError naming the kind, for the other actions of AWS IoT */
export function findActionKind(kind: string, place: string): ActionKind {
  const found = KINDS.get(kind);
  if (found === undefined) throw new NotImplementedError(`rule action '${kind}' (${place})`);
  return found;
}
