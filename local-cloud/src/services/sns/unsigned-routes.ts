import type { RawRequest, RawResponse } from '../../core/api.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { SnsService } from './sns-service.ts';

const ROOT = '/_sns/';

/**
 * What subscribers call without a signature: SubscribeURL, UnsubscribeURL and SigningCertURL of the messages. The token
 * of a confirmation is its secret.
 */
export function serveUnsigned(sns: SnsService): void {
  sns.context.ports.get('frontDoor').route(ROOT, async (request) => {
    try {
      return await answer(sns, request);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const code = error.code.replace(/Exception$/, '');
      return xml(
        error.statusCode,
        `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(error.message)}</Message></Error></ErrorResponse>`,
      );
    }
  });
}

async function answer(sns: SnsService, request: RawRequest): Promise<RawResponse> {
  const url = new URL(request.url, 'https://localhost');
  const query = request.method === 'POST' ? new URLSearchParams(request.body.toString('utf8')) : url.searchParams;
  if (url.pathname !== ROOT) return certificate(sns, url.pathname.slice(ROOT.length));
  const requestId = uuid(sns.context.entropy);
  switch (query.get('Action')) {
    case 'ConfirmSubscription': {
      const topic = sns.topics.require(query.get('TopicArn') ?? undefined);
      const subscription = await sns.subscriptions.confirm(topic.arn, query.get('Token') ?? undefined, false);
      return result(
        'ConfirmSubscription',
        requestId,
        `<SubscriptionArn>${escaped(subscription.arn)}</SubscriptionArn>`,
      );
    }
    case 'Unsubscribe': {
      const subscription = sns.subscriptions.require(query.get('SubscriptionArn') ?? undefined);
      if (subscription.authenticateOnUnsubscribe) {
        throw new AwsError('AuthorizationErrorException', 'The subscription asks for a signed Unsubscribe', 403);
      }
      await sns.unsubscribe(subscription);
      return result('Unsubscribe', requestId, '');
    }
    default:
      throw new AwsError('InvalidAction', 'The action or operation requested is invalid', 400);
  }
}

async function certificate(sns: SnsService, fileName: string): Promise<RawResponse> {
  const pem = await sns.signer.certificate(fileName);
  if (pem === undefined) throw new AwsError('NotFoundException', 'Not Found', 404);
  return { statusCode: 200, headers: { 'content-type': 'application/x-pem-file' }, body: Buffer.from(pem) };
}

function result(action: string, requestId: string, content: string): RawResponse {
  return xml(
    200,
    `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${content}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`,
  );
}

function xml(statusCode: number, body: string): RawResponse {
  return { statusCode, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
