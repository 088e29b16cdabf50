import { NotImplementedError } from '../../core/errors.ts';
import { dynamoDbAction } from './dynamodb.ts';
import { dynamoDbV2Action } from './dynamodb-v2.ts';
import { firehoseAction } from './firehose.ts';
import { lambdaAction } from './lambda.ts';
import { republishAction } from './republish.ts';
import type { ActionKind } from './rule-action.ts';
import { s3Action } from './s3.ts';
import { sqsAction } from './sqs.ts';
import { timestreamAction } from './timestream.ts';

const KINDS: ReadonlyMap<string, ActionKind> = new Map(
  [
    dynamoDbAction,
    dynamoDbV2Action,
    firehoseAction,
    lambdaAction,
    republishAction,
    s3Action,
    sqsAction,
    timestreamAction,
  ].map((kind) => [kind.kind, kind]),
);

/** @throws NotImplementedError naming the kind, for the other actions of AWS IoT */
export function findActionKind(kind: string, place: string): ActionKind {
  const found = KINDS.get(kind);
  if (found === undefined) throw new NotImplementedError(`rule action '${kind}' (${place})`);
  return found;
}
