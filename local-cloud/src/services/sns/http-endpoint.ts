import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { messageOf } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { DeliveryFailure } from './delivery-failure.ts';
import { ENDPOINT_TIMEOUT } from './limits.ts';

/**
 * Posts to a subscriber and resolves when it answers 2xx. Certificates of this cloud's own CA are trusted beside the
 * public ones, so that an endpoint on this machine can be an HTTPS one.
 *
 * @throws DeliveryFailure permanent for other answers than 1xx, 429 and 5xx
 */
export function post(
  context: CloudContext,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const options = {
      method: 'POST',
      agent: false,
      ...(target.username === ''
        ? {}
        : { auth: `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}` }),
      headers: {
        ...headers,
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Amazon Simple Notification Service Agent',
      },
    } as const;
    const sent: ClientRequest =
      target.protocol === 'https:'
        ? httpsRequest(target, {
            ...options,
            ca: [...rootCertificates, context.ports.get('serverIdentity').caCertificatePem],
          })
        : httpRequest(target, options);
    const timer = context.clock.after(ENDPOINT_TIMEOUT, () => sent.destroy(new Error('no answer within 15 seconds')));
    sent.on('response', (response) => {
      timer.cancel();
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else
        reject(new DeliveryFailure(`the endpoint answered ${status}`, status !== 429 && status >= 300 && status < 500));
    });
    sent.on('error', (error) => {
      timer.cancel();
      reject(new DeliveryFailure(messageOf(error), false));
    });
    sent.end(body);
  });
}
