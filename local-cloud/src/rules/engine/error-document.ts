import { AwsError, messageOf } from '../../core/errors.ts';
import type { ActionWork } from '../actions/action-work.ts';
import type { RuleAction } from '../actions/rule-action.ts';
import type { SqlObject } from '../values/value.ts';
import type { MessageInput } from './message-input.ts';

/** One action that failed for good. */
export interface ActionFailure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

/** Names of services as the SDK for Java, in which AWS writes these messages, has them. */
const SERVICES: Readonly<Record<string, string>> = {
  CloudwatchAlarmAction: 'AmazonCloudWatch',
  CloudwatchLogsAction: 'AWSLogs',
  CloudwatchMetricAction: 'AmazonCloudWatch',
  DynamoAction: 'AmazonDynamoDBv2',
  DynamoDBv2Action: 'AmazonDynamoDBv2',
  FirehoseAction: 'AmazonKinesisFirehose',
  KinesisAction: 'AmazonKinesis',
  LambdaAction: 'AWSLambda',
  RepublishAction: 'AWSIotData',
  S3Action: 'Amazon S3',
  SnsAction: 'AmazonSNS',
  SqsAction: 'AmazonSQS',
  StepFunctionsAction: 'AWSStepFunctions',
  TimestreamAction: 'AmazonTimestreamWrite',
};

/** Wording of "Error handling (error action)" and of "Diagnosing rules issues", without the request id. */
export function actionFailure(action: RuleAction, work: ActionWork, topic: string, error: unknown): ActionFailure {
  const reason =
    error instanceof AwsError
      ? `${error.message} (Service: ${SERVICES[action.failedAction] ?? 'AWSIot'}; Status Code: ${error.statusCode}; Error Code: ${error.code})`
      : messageOf(error);
  return {
    failedAction: action.failedAction,
    failedResource: attempt(() => action.resource(work)),
    errorMessage: `${action.complaint} The error received was ${reason}. Message arrived on: ${topic}, ${attempt(() => action.describe(work))}`,
  };
}

/** A template that cannot be rendered is itself what failed. */
function attempt(render: () => string): string {
  try {
    return render();
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}

/** The message that an error action gets: one per rule and message ("Error action message format"). */
export function errorDocument(ruleName: string, input: MessageInput, failures: readonly ActionFailure[]): SqlObject {
  return {
    ruleName,
    topic: input.publishedTopic,
    cloudwatchTraceId: input.trace(),
    clientId: input.clientId,
    sourceIp: input.sourceIp,
    base64OriginalPayload: input.payload.toString('base64'),
    failures: failures.map((failure) => ({ ...failure })),
  };
}
