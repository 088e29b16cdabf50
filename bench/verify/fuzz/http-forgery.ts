import type { Dice } from '../dice.ts';
import type { SignedMessage } from './http-sender.ts';

/** A signed request whose signature no longer holds, or that says too little or too much about it. */
export function forge(dice: Dice, message: SignedMessage): SignedMessage {
  const headers = { ...message.headers };
  const authorization = headers.authorization ?? '';
  switch (dice.int(12)) {
    case 0:
      headers.authorization = authorization.replace(/Signature=\w{4}/, `Signature=${dice.text(4, '0123456789abcdef')}`);
      break;
    case 1:
      delete headers.authorization;
      break;
    case 2:
      headers.authorization = authorization.slice(0, dice.int(authorization.length));
      break;
    case 3:
      headers['x-amz-date'] = dice.pick(['20200101T000000Z', '29991231T235959Z', 'yesterday', '', '20260230T000000Z']);
      break;
    case 4:
      headers.authorization = authorization.replace(
        /Credential=[^/]+/,
        `Credential=${dice.text(20, 'ABCDEFGHIJKLMNOP234567')}`,
      );
      break;
    case 5:
      headers.authorization = authorization.replace(
        /\/[a-z-]+\/aws4_request/,
        `/${dice.pick(['s3', 'ec2', '', '__proto__', 'sqs'])}/aws4_request`,
      );
      break;
    case 6:
      headers.authorization = authorization.replace(
        /SignedHeaders=[^,]+/,
        `SignedHeaders=${dice.pick(['', 'host', 'nope;host', ';;;', 'host;host'])}`,
      );
      break;
    case 7:
      return {
        ...message,
        body: Buffer.concat([message.body, Buffer.from(' ')]),
        headers: { ...headers, 'content-length': String(message.body.length + 1) },
      };
    case 8:
      delete headers['x-amz-date'];
      break;
    case 9:
      delete headers.authorization;
      return {
        ...message,
        headers,
        target: `${message.target}${message.target.includes('?') ? '&' : '?'}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${dice.pick(['', 'a', 'a/b/c/d/e', 'AKID/20260101/us-east-1/s3/aws4_request'])}&X-Amz-Date=${dice.pick(['', '20260101T000000Z'])}&X-Amz-Expires=${dice.pick(['0', '-1', '604801', 'x'])}&X-Amz-SignedHeaders=host&X-Amz-Signature=${dice.text(64, '0123456789abcdef')}`,
      };
    case 10:
      headers.authorization = dice.pick([
        'Basic YTpi',
        'AWS4-HMAC-SHA256',
        'AWS4-HMAC-SHA256 ,,,===',
        'AWS4-ECDSA-P256-SHA256 Credential=a',
        `AWS4-HMAC-SHA256 ${'a=b,'.repeat(2_000)}`,
      ]);
      break;
    default:
      headers['x-amz-security-token'] = dice.text(200);
  }
  return { ...message, headers };
}
