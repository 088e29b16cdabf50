import { type Account, parseArn } from '../../core/account.ts';
import { invalidParameter } from './errors.ts';

/** URL of a queue of this account and region, by AWS's host: SQS takes any host whose path is right. */
export function queueUrlOf(account: Account, arn: string): string {
  const queue = parseArn(arn);
  if (queue?.service !== 'sqs' || queue.region !== account.region || queue.accountId !== account.accountId) {
    throw invalidParameter(`${arn} is not a queue of this account and region`);
  }
  return `https://sqs.${account.region}.amazonaws.com/${account.accountId}/${queue.resource}`;
}
