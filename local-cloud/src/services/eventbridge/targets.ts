import { parseArn } from '../../core/account.ts';
import { NotImplementedError } from '../../core/errors.ts';
import type { Principal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { validation } from './errors.ts';
import type { TargetRecord } from './records.ts';

/** Services whose resources can be targets here; those marked need a role (user guide, "Amazon EventBridge targets"). */
const KINDS: Readonly<Record<string, { readonly resource: RegExp; readonly role?: true }>> = {
  lambda: { resource: /^function:[^:]+$/ },
  sqs: { resource: /^[^:/]+$/ },
  sns: { resource: /^[^:/]+$/ },
  states: { resource: /^stateMachine:[^:]+$/, role: true },
  firehose: { resource: /^deliverystream\/[^/]+$/, role: true },
  kinesis: { resource: /^stream\/[^/]+$/, role: true },
};

/** @throws AwsError `ValidationException`, `NotImplemented` for targets that are not built */
export function checkTarget(target: TargetRecord): void {
  const parsed = parseArn(target.arn);
  if (parsed === undefined)
    throw validation(`Parameter ${target.arn} is not valid. Reason: Provided Arn is not in correct format.`);
  const kind = KINDS[parsed.service];
  if (kind === undefined || !kind.resource.test(parsed.resource))
    throw new NotImplementedError(`EventBridge: the target '${target.arn}'`);
  if (kind.role === true && target.roleArn === undefined) {
    throw validation(`RoleArn is required for target ${target.arn}.`);
  }
  const isFifo = parsed.service === 'sqs' && parsed.resource.endsWith('.fifo');
  if (isFifo && target.messageGroupId === undefined) {
    throw validation(`Parameter(s) MessageGroupId must be specified for target: ${target.id}.`);
  }
}

/** @throws AwsError as the target answers */
export async function sendTo(
  context: CloudContext,
  principal: () => Principal,
  target: TargetRecord,
  input: string,
  event: object,
): Promise<void> {
  const { accountId, region, resource, service } = parseArn(target.arn) ?? {
    service: '',
    resource: '',
    region: '',
    accountId: '',
  };
  const { api } = context;
  const name = resource.slice(resource.search(/[:/]/) + 1);
  switch (service) {
    case 'lambda':
      await api.call(principal(), 'lambda', 'Invoke', {
        FunctionName: target.arn,
        InvocationType: 'Event',
        Payload: Buffer.from(input),
      });
      return;
    case 'sqs':
      await api.call(principal(), 'sqs', 'SendMessage', {
        QueueUrl: `https://sqs.${region}.amazonaws.com/${accountId}/${resource}`,
        MessageBody: input,
        ...(target.messageGroupId === undefined ? {} : { MessageGroupId: target.messageGroupId }),
      });
      return;
    case 'sns':
      await api.call(principal(), 'sns', 'Publish', { TopicArn: target.arn, Message: input });
      return;
    case 'states':
      await api.call(principal(), 'sfn', 'StartExecution', { stateMachineArn: target.arn, input });
      return;
    case 'firehose':
      await api.call(principal(), 'firehose', 'PutRecord', {
        DeliveryStreamName: name,
        Record: { Data: Buffer.from(input) },
      });
      return;
    case 'kinesis':
      await api.call(principal(), 'kinesis', 'PutRecord', {
        StreamName: name,
        Data: Buffer.from(input),
        PartitionKey: String((event as { id?: string }).id),
      });
      return;
    default:
      throw new NotImplementedError(`EventBridge: the target '${target.arn}'`);
  }
}
