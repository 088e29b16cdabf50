import type { RawRequest, RawResponse } from '../../core/api.ts';
import { AwsError } from '../../core/errors.ts';
import { ENABLE_PATH, type RuleDestinations } from './rule-destinations.ts';

/**
 * The `enableUrl` of a confirmation request, which a browser opens: the destination is confirmed, and
 * UpdateTopicRuleDestination may then enable it (`rule-destination`).
 */
export function enableRoute(destinations: RuleDestinations): (request: RawRequest) => Promise<RawResponse> {
  return async ({ method, url }) => {
    if (method !== 'GET') return answer(405, 'The confirmation is a GET request.');
    const token = decodeURIComponent(new URL(url, 'https://localhost').pathname.slice(ENABLE_PATH.length));
    try {
      await destinations.confirm(token, 'DISABLED');
      return answer(200, 'The destination is confirmed. Enable it with UpdateTopicRuleDestination.');
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return answer(error.statusCode, error.message);
    }
  };
}

function answer(statusCode: number, text: string): RawResponse {
  return { statusCode, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(`${text}\n`) };
}
